/// Counts what is in flight, up to a limit.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace maildircrypt::lmtp {

/// Thread-safe; outlives its places.
class Tally {
public:
    explicit Tally(std::size_t limit) : limit_(limit) {}

    /// Counts as long as it lives.
    class Place {
    public:
        explicit Place(Tally& tally) : tally_(&tally) {}
        Place(Place&& other) noexcept : tally_(std::exchange(other.tally_, nullptr)) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (tally_ != nullptr) tally_->used_.fetch_sub(1);
        }

    private:
        Tally* tally_;
    };

    /// None at the limit.
    std::optional<Place> take() {
        if (used_.fetch_add(1) >= limit_) {
            used_.fetch_sub(1);
            return std::nullopt;
        }
        return std::optional<Place>{std::in_place, *this};
    }
    std::size_t used() const { return used_.load(); }

private:
    const std::size_t limit_;
    std::atomic<std::size_t> used_{0};
};

}  // namespace maildircrypt::lmtp
