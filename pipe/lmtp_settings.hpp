/// The options of maildircrypt-lmtp, read and checked; etc/lmtp.conf explains each.
#pragma once

#include "base/log.hpp"
#include "base/options.hpp"
#include "base/result.hpp"
#include "pipe/lmtp_endpoint.hpp"
#include "pipe/lmtp_server.hpp"
#include "pipe/maildir_template.hpp"
#include "seal/policy.hpp"
#include "seal/sealer.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include <sys/types.h>

namespace maildircrypt::lmtp {

struct Settings {
    std::optional<Endpoint> listen;  ///< none: sockets are inherited
    mode_t socket_mode = 0;
    std::variant<Endpoint, MaildirTemplate> next;
    MailboxNames names;
    std::string keyd_socket;
    std::string store_id;  ///< empty is any
    PolicyConfig policy;
    SealOptions seal;
    ServerSettings server;
    std::chrono::seconds next_timeout{};
    std::size_t spill_memory = 0;
    std::string spill_directory;
    Log::Target log_target = Log::Target::standard_error;
};

ProgramDescription lmtp_program();
/// Errors (refuse) name the option.
Result<Settings> read_settings(const boost::program_options::variables_map& values);

}  // namespace maildircrypt::lmtp
