/// Byte queues that stay in memory while the process-wide budget lasts and go to unlinked files
/// beyond it.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/sink.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// How many octets all spills of a process may hold in memory together. Thread-safe; outlives its
/// spills.
class SpillBudget {
public:
    /// Beyond `memory_limit` octets spills continue in unlinked files (O_TMPFILE) in `directory`,
    /// and each of them alone beyond `share`: one large message leaves memory to the others.
    SpillBudget(std::size_t memory_limit, std::string directory, std::size_t share = SIZE_MAX);

    bool take(std::size_t octets);
    void give_back(std::size_t octets);
    const std::string& directory() const { return directory_; }
    std::size_t share() const { return share_; }

private:
    std::size_t limit_;
    std::atomic<std::size_t> used_{0};
    std::string directory_;
    std::size_t share_;
};

/// Append, then read from the start. Holds ciphertext only: what is put in is not wiped. Not
/// thread-safe.
class Spill : public Sink {
public:
    explicit Spill(SpillBudget& budget);
    ~Spill() override;
    Spill(const Spill&) = delete;
    Spill& operator=(const Spill&) = delete;

    Result<void> write(std::string_view piece) override;
    std::size_t size() const { return size_; }
    /// Hands everything written to `sink`, in order, in pieces of at most `piece_limit` octets. May
    /// be repeated.
    Result<void> read_to(Sink& sink, std::size_t piece_limit) const;

private:
    bool add_block();
    Result<void> flush_to_file(std::string_view piece);

    SpillBudget& budget_;
    std::vector<std::string> blocks_;  ///< each is full before the next begins
    std::size_t taken_ = 0;            ///< of the budget
    Fd file_;                          ///< continues where blocks_ end
    std::size_t in_memory_ = 0;
    std::size_t size_ = 0;
};

/// Of a server's memory for spills, one message may have this part at most.
inline constexpr std::size_t spill_share = 4;

/// Whether spills can be written there; asked at start, not at the first large message. The error
/// (refuse) names the option.
Result<void> check_spill_directory(const std::string& directory);

}  // namespace maildircrypt
