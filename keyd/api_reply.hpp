/// A reply of the API before it is put on the wire.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace maildircrypt {

struct ApiReply {
    unsigned status = 200;
    std::string body;  ///< JSON, ended by a newline
    std::string_view type = "application/json";
    std::string code{};  ///< of an error, as it stands in the body
    /// 0 to 9: for how long a client may remember it, on the terms of keyd/API, LEASES.
    std::chrono::seconds lease{0};
};

/// {"error": {"code": ..., "message": ...}}. `code` is stable; `message` is for people and says
/// what to do.
ApiReply error_reply(unsigned status, std::string_view code, std::string_view message);

/// The words for a status that the API uses (RFC 9110 §15).
std::string_view reason_of(unsigned status);

}  // namespace maildircrypt
