/// keyd-cli's arguments, read into what is to be asked of keyd.
#pragma once

#include "base/result.hpp"
#include "seal/key_plan.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace maildircrypt {

/// Acted on by exhaustive switches without `default`.
enum class CliVerb {
    add,
    list,
    show,
    remove,
    export_key,
    check,
    expiring,
    lost_key,
    alias,
    alias_remove,
    alias_list,
    recovery_set,
    recovery_show,
    recovery_remove,
    recovery_list,
    log,
    log_head,
    log_verify,
    log_erase,
    status
};

struct CliOptions {
    bool json = false;
    bool any_user_id = false;
    bool keep_tombstone = false;
    std::string certificate;   ///< remove: only this fingerprint
    std::int64_t within = 30;  ///< expiring: days
    std::string against;       ///< log verify: `SEQUENCE:HEAD`, or the file of a sealed message
    bool remove = false;       ///< alias: end it
};

struct CliCommand {
    CliVerb verb = CliVerb::status;
    std::string address;  ///< or @domain, as it was written; recovery: the domain; empty: none
    std::string file;     ///< add, check, recovery set: empty is standard input
    std::vector<std::string> targets;  ///< alias
    std::string key;                   ///< lost-key: a fingerprint; empty: all keys
};

/// Errors (refuse) say which words were expected.
Result<CliCommand> parse_command(const std::vector<std::string>& words, const CliOptions& options);

/// The HTTP method.
std::string method_of(CliVerb verb);
/// Whether the request's body is a certificate, which read_certificate_file() reads.
bool sends_certificate(CliVerb verb);
/// The body of the request; empty when there is none, or it is a certificate.
std::string body_of(const CliCommand& command);

/// What `log verify --against` compares with: the position that is written there, or the one in the
/// provenance field of a message. Errors of fate refuse; retry when a file cannot be read.
Result<LogPosition> read_noted(const std::string& against);

/// Path and query for a command that is one request.
std::string target_of(const CliCommand& command, const CliOptions& options);

/// The certificate of an add or check, read from its file or from standard input and looked at
/// before anything is sent: a secret key never leaves this process.
Result<std::string> read_certificate_file(const std::string& file);

}  // namespace maildircrypt
