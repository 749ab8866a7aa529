#include "pipe/lmtp_workers.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace maildircrypt::lmtp {
namespace {

constexpr std::chrono::seconds idle_time{10};

}  // namespace

Workers::Workers(std::size_t limit) : limit_(std::max<std::size_t>(limit, 1)) {}

Workers::~Workers() {
    {
        const std::lock_guard guard{mutex_};
        stopping_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void Workers::run(Job job) {
    const std::lock_guard guard{mutex_};
    jobs_.push_back(std::move(job));
    if (jobs_.size() <= idle_) {
        wake_.notify_one();
        return;
    }
    join_ended();
    if (running_ == limit_) return;
    try {
        threads_.emplace_back([this] { work(); });
        ++running_;
    } catch (const std::system_error&) {
        // No more threads to be had: the job waits for one of those that run.
        if (running_ == 0) throw;
    }
}

/// These left work() and wait for nothing.
void Workers::join_ended() {
    for (const auto id : std::exchange(ended_, {})) {
        const auto ended = std::find_if(threads_.begin(), threads_.end(),
                                        [&](const auto& thread) { return thread.get_id() == id; });
        ended->join();
        threads_.erase(ended);
    }
}

void Workers::work() {
    std::unique_lock lock{mutex_};
    for (;;) {
        if (jobs_.empty()) {
            if (stopping_) break;
            ++idle_;
            const auto status = wake_.wait_for(lock, idle_time);
            --idle_;
            if (jobs_.empty() && status == std::cv_status::timeout) break;
            continue;
        }
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr;  // what it owns goes before the lock is taken
        lock.lock();
    }
    --running_;
    ended_.push_back(std::this_thread::get_id());
}

}  // namespace maildircrypt::lmtp
