/// The ESMTP parameters of MAIL and RCPT: which are known, what they may say, what of them the next
/// hop hears.
#pragma once

#include "pipe/lmtp_command.hpp"
#include "pipe/lmtp_reply.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maildircrypt::lmtp {

/// What depends on the configuration and on the next hop.
struct Offer {
    std::uint64_t size_limit = 0;       ///< octets of a message, RFC 1870; 0 is none
    bool dsn = false;                   ///< RFC 3461: only where the next hop offers it
    std::vector<std::string> xforward;  ///< attributes, only where the next hop offers them
};

struct Sender {
    std::string path;  ///< with its angle brackets, as the peer wrote it
    std::optional<std::uint64_t> size;
    bool smtputf8 = false;
    std::vector<Parameter> kept;  ///< BODY, RET and ENVID, for the next hop
    std::vector<Parameter> xforward;
};

/// Fills `sender` from the parameters of MAIL; a reply when one of them is refused.
std::optional<Reply> take_sender_parameters(Sender& sender, const Path& path, const Offer& offer);

/// A reply when a parameter of RCPT is refused.
std::optional<Reply> check_recipient_parameters(const Path& path, const Offer& offer);

/// The same for the attributes of XFORWARD, of which there must be one.
std::optional<Reply> check_trace(const std::vector<Parameter>& attributes, const Offer& offer);

}  // namespace maildircrypt::lmtp
