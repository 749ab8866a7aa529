/// Replies of the next hop, read from whatever pieces they come in. Knows no socket.
#pragma once

#include "base/result.hpp"
#include "pipe/lmtp_reply.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt::lmtp {

/// One reply, all of its lines (RFC 5321 §4.2.1).
struct ReplyLines {
    int code = 0;
    std::vector<std::string> lines;  ///< without code and separator

    /// Code, enhanced code if there is one, and the text of the last line.
    Reply summary() const;
};

/// After an error nothing more is understood: the connection must be closed.
class ReplyReader {
public:
    /// Consumes from `input` up to the end of one reply; none when it is not there yet. Errors
    /// (fate retry): a line that is no reply, lines of different codes, too long, too many.
    Result<std::optional<ReplyLines>> next(std::string_view& input);
    /// Whether a reply has begun or octets are left that belong to none.
    bool is_between_replies() const { return line_.empty() && reply_.lines.empty(); }

private:
    Result<bool> take_line();

    std::string line_;
    ReplyLines reply_;
};

}  // namespace maildircrypt::lmtp
