/// Replies of LMTP: code, enhanced code (RFC 3463, RFC 2034) and one line of text.
#pragma once

#include <string>
#include <string_view>

namespace maildircrypt::lmtp {

struct Reply {
    int code = 451;
    std::string enhanced = "4.3.0";  ///< may be empty
    std::string text;
    std::string cause;  ///< for our log only

    bool accepts() const { return code / 100 == 2; }
    /// One line with its CRLF.
    std::string render() const;
    friend bool operator==(const Reply&, const Reply&) = default;
};

/// With 451 4.1.3, as maildircrypt-pipe says it: the mail reached us because the MTA believes that
/// the mailbox exists, so nothing bounces.
inline constexpr std::string_view no_mailbox =
    "The recipient's address names no mailbox that mail can be stored in";

/// "451 4.3.0": a fault of ours; the sender's queue keeps the message.
Reply try_later(std::string text, std::string cause = {});
/// "451 4.4.x": of the way to the next hop.
Reply next_hop_away(std::string_view enhanced, std::string text, std::string cause = {});

/// Printable ASCII of at most max_reply_text octets: everything else becomes a question mark.
std::string sanitise(std::string_view text);

/// What a reply of the next hop about this mail means for the sender. 4xx and 5xx are handed on
/// with their enhanced code when its class fits; what is a quarrel between us and the next hop (421
/// and the codes for commands that are unknown, out of turn or want TLS or a login) becomes 451,
/// and so does what is no answer at all (1xx, 3xx).
Reply hand_back(const Reply& reply);

}  // namespace maildircrypt::lmtp
