/// The sealed message on its way: header and body are kept until the MTA takes edits, at the end of
/// the message.
#pragma once

#include "base/spill.hpp"
#include "milter/admissions.hpp"
#include "seal/deliverable.hpp"

#include <cstddef>
#include <optional>

namespace maildircrypt {

/// Holds ciphertext only. Beyond a limit it stops to keep, and says so: the message may still turn
/// out to be one whose sealed form nobody needs. Not thread-safe; one per message.
class SealedStore : public MessageOutput {
public:
    enum class State { complete, too_large, too_much };

    /// `size_limit` octets of header and body, 0 is any; `ticket` counts against what all messages
    /// may keep. Both references outlive the store.
    SealedStore(SpillBudget& budget, Admissions::Ticket& ticket, std::size_t size_limit);

    Result<void> header(const OuterHeader& header) override;
    Result<void> body(Deliverable piece) override;

    State state() const { return state_; }
    /// Octets of header and body, complete or not.
    std::size_t size() const { return size_; }
    const OuterHeader& outer_header() const { return header_; }
    const Spill& sealed_body() const { return *body_; }

private:
    void count(std::size_t octets);

    Admissions::Ticket& ticket_;
    std::size_t size_limit_;
    OuterHeader header_;
    std::optional<Spill> body_;
    std::size_t size_ = 0;
    State state_ = State::complete;
};

/// What a sealed message of `sealed` octets takes in Postfix's queue file, which message_size_limit
/// is compared with: removed fields stay in it, short ones are padded, the envelope comes on top.
/// Measured, and rounded up: so that the refusal is ours and comes with the reason.
std::size_t queued_size(std::size_t sealed, std::size_t fields, std::size_t field_octets,
                        std::size_t recipients);

/// The least that a message of `octets` becomes when it is sealed: base64 in lines of 76 with CRLF.
/// What compression would save nobody knows beforehand: with it a message counts as it is.
std::size_t least_sealed_size(std::size_t octets, bool compressed);

}  // namespace maildircrypt
