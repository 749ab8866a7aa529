/// What this process has seen of a store, so that another or an older one is noticed.
#pragma once

#include "keyd/answer.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace maildircrypt {

/// What `seen` contradicts of what was known before: "another store", "an older store", ...
std::optional<std::string> contradiction(const StoreStamp& known, const StoreStamp& seen);

/// The newest stamp that was seen. Any thread.
class KnownHistory {
public:
    explicit KnownHistory(StoreStamp first)
        : revision_(first.revision), newest_(std::move(first)) {}

    /// Of newest(), for those in a hurry.
    std::int64_t revision() const { return revision_.load(std::memory_order_acquire); }

    StoreStamp newest() const {
        const std::lock_guard guard{mutex_};
        return newest_;
    }
    /// Keeps the newer one.
    void note(const StoreStamp& seen) {
        const std::lock_guard guard{mutex_};
        if (seen.revision <= newest_.revision) return;
        newest_ = seen;
        revision_.store(seen.revision, std::memory_order_release);
    }

private:
    std::atomic<std::int64_t> revision_;
    mutable std::mutex mutex_;
    StoreStamp newest_;
};

}  // namespace maildircrypt
