/// Where copies of a message go: a Maildir or another LMTP server.
#pragma once

#include "base/result.hpp"
#include "pipe/lmtp_reply.hpp"
#include "pipe/lmtp_session.hpp"
#include "seal/address.hpp"
#include "seal/deliverable.hpp"
#include "seal/line_end.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <vector>

namespace maildircrypt::lmtp {

using Deadline = std::chrono::steady_clock::time_point;

/// Who a copy is for.
struct Destination {
    Recipient envelope;
    Address address;
};

/// Whether the text is mail that we made, or mail as its sender wrote it.
enum class TextOrigin {
    sealed,    ///< ciphertext, with the line ends of NextHop::line_end()
    as_it_is,  ///< as LMTP brought it
};

/// One copy on its way. Destroyed before deliver() it leaves nothing behind. Not thread-safe; after
/// an error nothing but the destructor is called.
class Delivery : public MessageOutput {
public:
    /// The copy is complete. One reply for each of its recipients, in their order; one that accepts
    /// means that the message is kept. Called once.
    virtual std::vector<Reply> deliver(Deadline deadline) = 0;
};

/// Any thread. Blocks.
class NextHop {
public:
    virtual ~NextHop() = default;
    /// What depends on the next hop of what we offer; the size limit is filled in by the caller.
    virtual Offer offer() const = 0;
    virtual LineEnd line_end() const = 0;
    /// At RCPT: a reply that accepts, or why mail for this address cannot go there at all.
    virtual Reply judge(const Sender& sender, const Recipient& envelope,
                        const Address& address) const = 0;
    /// At RCPT, for mail that will be sealed and whose size was declared.
    virtual bool has_room_for(std::uint64_t octets) const = 0;
    /// `destinations` get the same octets. `sender` is copied.
    virtual Result<std::unique_ptr<Delivery>> open(const Sender& sender,
                                                   std::vector<Destination> destinations,
                                                   TextOrigin origin) = 0;
    /// Called every few seconds, for housekeeping. Does not block.
    virtual void tick() {}
};

}  // namespace maildircrypt::lmtp
