/// One request to keyd as keyd-cli makes them: again while keyd is busy, errors as text and exit
/// status.
#pragma once

#include "keyd/http_client.hpp"

#include <string>
#include <variant>

#include <nlohmann/json.hpp>

namespace maildircrypt {

inline constexpr std::size_t max_keyd_reply = 32 * 1024 * 1024;  ///< octets

/// What keyd refused, or that it could not be asked.
struct CallFailure {
    int status = 0;  ///< for exit(3), sysexits.h
    std::string message;
};

using CallReply = std::variant<nlohmann::json, CallFailure>;

/// `call` is repeated when the connection breaks: only for what may happen twice.
CallReply call_keyd(HttpClient& client, const HttpCall& call);

/// The exit status for an HTTP status.
int exit_status_of(unsigned http_status);

}  // namespace maildircrypt
