/// keyd-cli's arguments, read into what is to be asked of keyd.
#pragma once

#include "base/result.hpp"
#include "seal/address.hpp"

#include <cstdint>
#include <optional>
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
    log,
    log_verify,
    status
};

struct CliOptions {
    bool json = false;
    bool any_user_id = false;
    bool keep_tombstone = false;
    std::string certificate;   ///< remove: only this fingerprint
    std::int64_t within = 30;  ///< expiring: days
};

struct CliCommand {
    CliVerb verb = CliVerb::status;
    std::optional<Address> address;
    std::string file;  ///< add, check: empty is standard input
};

/// Errors (refuse) say which words were expected.
Result<CliCommand> parse_command(const std::vector<std::string>& words);

/// Path and query for a command that is one request.
std::string target_of(const CliCommand& command, const CliOptions& options);

/// The certificate of an add or check, read from its file or from standard input and looked at
/// before anything is sent: a secret key never leaves this process.
Result<std::string> read_certificate_file(const std::string& file);

}  // namespace maildircrypt
