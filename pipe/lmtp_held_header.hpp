/// The header of a message, held once for all of its copies until it is whole.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/spill.hpp"
#include "seal/header.hpp"

#include <string_view>

namespace maildircrypt::lmtp {

/// A sealer needs the whole header before it can begin. Were each of a message's sealers to gather
/// it, a header of 4 MiB to 50 recipients would take hundreds of MiB; so it is gathered here and
/// fed to them one after the other. All headers together have a budget. Not thread-safe.
class HeldHeader {
public:
    /// Octets of the budget for each of the header: our vector may have twice the capacity it
    /// needs, and the sealer that is fed has a copy of its own.
    static constexpr std::size_t cost = 3;

    /// `budget` outlives the object; its memory limit counts, its directory is not used.
    explicit HeldHeader(SpillBudget& budget) : budget_(budget) {}
    ~HeldHeader() { release(); }
    HeldHeader(const HeldHeader&) = delete;
    HeldHeader& operator=(const HeldHeader&) = delete;

    /// Pieces of any size, from the message's first octet. An error of fate retry when the budget
    /// is used up; nothing is held then.
    Result<void> write(std::string_view piece);
    /// Everything so far is to be fed on, and what follows goes straight to the copies.
    bool is_whole() const { return whole_; }
    std::string_view text() const { return {held_.data(), held_.size()}; }
    /// Wipes and gives back.
    void release();

private:
    SpillBudget& budget_;
    HeaderScanner scanner_;
    SecretText held_;
    std::size_t taken_ = 0;
    bool whole_ = false;
};

}  // namespace maildircrypt::lmtp
