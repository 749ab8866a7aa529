/// Keeps one kind of event from flooding the log, whoever causes it.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace maildircrypt {

/// Any thread.
class EventBrake {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit EventBrake(std::size_t per_second) : per_second_(per_second) {}

    /// Nothing when the event is not to be logged now; else how many were left out before it.
    std::optional<std::size_t> pass(Time now) {
        const std::lock_guard guard{mutex_};
        if (now - start_ >= std::chrono::seconds{1}) {
            start_ = now;
            passed_ = 0;
        }
        if (passed_ >= per_second_) {
            ++left_out_;
            return std::nullopt;
        }
        ++passed_;
        return std::exchange(left_out_, 0);
    }

private:
    const std::size_t per_second_;
    std::mutex mutex_;
    Time start_{};
    std::size_t passed_ = 0;
    std::size_t left_out_ = 0;
};

}  // namespace maildircrypt
