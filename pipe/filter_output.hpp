/// --filter: the message goes to a descriptor, but not an octet of it before it is complete.
#pragma once

#include "base/result.hpp"
#include "base/spill.hpp"
#include "pipe/message_store.hpp"
#include "seal/crypto_context.hpp"
#include "seal/original_spill.hpp"

#include <cstdint>
#include <memory>

namespace maildircrypt {

/// The message waits in a spill under a throw-away key: mail that passes in clear is held the same
/// way, and must not reach a disk through us.
class FilterOutput : public MessageStore {
public:
    /// `context` and `budget` outlive the object; `fd` is written to at commit() and stays open.
    FilterOutput(const CryptoContext& context, SpillBudget& budget, int fd)
        : context_(context), budget_(budget), fd_(fd) {}

    Result<void> header(const OuterHeader& header) override;
    Result<void> body(Deliverable piece) override;
    Result<void> begin() override;
    Result<void> complete() override { return {}; }
    Result<void> commit() override;
    std::uint64_t size() const override { return size_; }

private:
    Result<void> write(std::string_view text);

    const CryptoContext& context_;
    SpillBudget& budget_;
    int fd_;
    std::unique_ptr<OriginalSpill> spill_;
    std::uint64_t size_ = 0;
};

}  // namespace maildircrypt
