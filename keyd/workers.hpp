/// A few threads for slow work (gpg, disk syncs) with a short queue in front.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace maildircrypt {

/// Any thread may call. The destructor finishes what was accepted.
class Workers {
public:
    Workers(std::size_t threads, std::size_t queue_limit);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    enum class Urgency { usual, urgent };
    /// False, and nothing happens, when the queue is full. Urgent jobs have a queue of their own,
    /// which goes first. Jobs do not throw.
    bool try_post(std::function<void()> job, Urgency urgency = Urgency::usual);

private:
    void run();

    const std::size_t queue_limit_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> urgent_;
    std::deque<std::function<void()>> queue_;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace maildircrypt
