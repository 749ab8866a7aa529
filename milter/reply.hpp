/// What the MTA is told at the end of a callback. Every reply this milter ever gives is made here.
#pragma once

#include <string>
#include <string_view>

namespace maildircrypt {

/// RFC 5321 §4.2 and RFC 3463. Texts reach the sender: no key ids, no paths, no message content.
struct MilterReply {
    enum class Action {
        proceed,  ///< go on with this message
        accept,   ///< nothing more to do with this message; it passes as it is
        defer,    ///< 4xx
        reject,   ///< 5xx
    };
    Action action = Action::proceed;
    std::string code;      ///< three digits; empty unless defer or reject
    std::string enhanced;  ///< RFC 3463
    std::string text;      ///< printable ASCII without `%`

    /// "451 4.3.0 text", for the log.
    std::string line() const;
    friend bool operator==(const MilterReply&, const MilterReply&) = default;
};

namespace replies {

MilterReply proceed();
MilterReply accept();
/// Any fault of ours, keyd's included.
MilterReply fault();
/// The cap on messages in flight, or on their octets, is reached.
MilterReply busy();
/// Policy says later, or never; `why` is explain() of the key state.
MilterReply policy_defer(std::string_view why);
MilterReply policy_reject(std::string_view why);
/// A recipient that must come in a transaction of its own; only towards clients that come back.
MilterReply come_back();
/// The same for clients that would not come back: the whole message, with nothing delivered.
MilterReply send_separately();
/// More recipients with keys than one message takes.
MilterReply too_many_recipients();
/// Sealed, it would be larger than the next hop takes.
MilterReply too_large();
/// More header fields, or more octets of them, than are edited.
MilterReply header_too_large();
/// Perhaps a recipient of ours, but no address that keyd could know.
MilterReply bad_address();

}  // namespace replies
}  // namespace maildircrypt
