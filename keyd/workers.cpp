#include "keyd/workers.hpp"

namespace maildircrypt {

Workers::Workers(std::size_t threads, std::size_t queue_limit) : queue_limit_(queue_limit) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() {
    {
        const std::lock_guard guard{mutex_};
        stopping_ = true;
    }
    wake_.notify_all();
}

bool Workers::try_post(std::function<void()> job, Urgency urgency) {
    auto& queue = urgency == Urgency::urgent ? urgent_ : queue_;
    {
        const std::lock_guard guard{mutex_};
        if (stopping_ || queue.size() >= queue_limit_) return false;
        queue.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void Workers::run() {
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock{mutex_};
            wake_.wait(lock, [this] { return stopping_ || !urgent_.empty() || !queue_.empty(); });
            auto& queue = urgent_.empty() ? queue_ : urgent_;
            if (queue.empty()) return;
            job = std::move(queue.front());
            queue.pop_front();
        }
        job();
    }
}

}  // namespace maildircrypt
