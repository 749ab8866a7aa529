/// A copy that waits for its last octet before the next LMTP hop gets any of it.
#pragma once

#include "base/spill.hpp"
#include "pipe/lmtp_next_hop.hpp"
#include "seal/crypto_context.hpp"
#include "seal/original_spill.hpp"

#include <memory>
#include <string_view>

namespace maildircrypt::lmtp {

/// Sealed text waits as it is. Mail that passes as its sender wrote it waits under a throw-away
/// key: our spills hold nothing that can be read. Not thread-safe.
class HeldMessage : public MessageOutput {
public:
    /// `context` and `budget` outlive the object.
    static Result<HeldMessage> create(const CryptoContext& context, SpillBudget& budget,
                                      TextOrigin origin);

    Result<void> header(const OuterHeader& header) override;
    Result<void> body(Deliverable piece) override;
    std::uint64_t size() const { return size_; }
    /// Pieces of at most read_size octets.
    Result<void> read_to(Sink& sink) const;

private:
    Result<void> write(std::string_view text);

    std::unique_ptr<Spill> sealed_;
    std::unique_ptr<OriginalSpill> hidden_;
    std::uint64_t size_ = 0;
};

}  // namespace maildircrypt::lmtp
