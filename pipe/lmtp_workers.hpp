/// Threads for what blocks: lookups, file syncs, the next hop.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace maildircrypt::lmtp {

/// Starts a thread whenever a job finds none idle, up to a limit, and lets threads go that had
/// nothing to do for a while: few threads as long as nothing hangs, and nobody waits behind a job
/// that does. Thread-safe.
class Workers {
public:
    using Job = std::function<void()>;

    explicit Workers(std::size_t limit);
    /// Waits for the jobs that run or wait.
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    /// Jobs beyond the limit wait for their turn. A job does not throw.
    void run(Job job);

private:
    void work();
    void join_ended();

    const std::size_t limit_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;
    std::size_t idle_ = 0;
    std::size_t running_ = 0;  ///< threads, idle ones included
    bool stopping_ = false;
    std::list<std::thread> threads_;
    std::list<std::thread::id> ended_;
};

}  // namespace maildircrypt::lmtp
