#include "milter/pool_patience.hpp"

#include <algorithm>
#include <atomic>

namespace maildircrypt {
namespace {

/// Threads of the pool that wait for a connection, and how many of them were told of one and have
/// not woken up. Under the pool's lock.
int the_waiting = 0;
int the_woken = 0;
/// A connection with commands found all of them woken for others.
std::atomic<bool> one_is_left_over{false};

}  // namespace

int patience() {
    return one_is_left_over ? pool_patience : own_patience;
}

extern "C" int libmilter_cond_signal(pthread_cond_t* condition) {
    if (the_woken == the_waiting) {
        one_is_left_over = true;
        return 0;
    }
    ++the_woken;
    return ::pthread_cond_signal(condition);
}

extern "C" int libmilter_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* lock,
                                        const timespec* end) {
    one_is_left_over = false;  // this thread has just looked for one
    ++the_waiting;
    const int result = ::pthread_cond_timedwait(condition, lock, end);
    --the_waiting;
    the_woken = std::max(the_woken - 1, 0);
    return result;
}

}  // namespace maildircrypt
