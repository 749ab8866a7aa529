#include "milter/pool_patience.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

/// Threads of the pool that wait for a connection, and how many of them were told of one and have
/// not woken up. Under the pool's lock.
int the_waiting = 0;
int the_woken = 0;

/// Counts the connections that are left over, so that threads can poll for them. -1 when there is
/// none to be had. Never closed: threads of libmilter still run when the process ends.
int left_over() {
    static const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    return fd;
}

/// False when none is left over, or another thread took it.
bool take_one() {
    std::uint64_t one = 0;
    return ::read(left_over(), &one, sizeof one) == sizeof one;
}

}  // namespace

bool one_is_left_over() {
    pollfd watched{left_over(), POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1;
}

int await_command(pollfd& connection) {
    const int patience = left_over() < 0 ? pool_patience : own_patience;
    for (;;) {
        std::array<pollfd, 2> watched{{connection, {left_over(), POLLIN, 0}}};
        const int ready = ::poll(watched.data(), watched.size(), patience);
        connection.revents = watched[0].revents;
        if (ready <= 0 || connection.revents != 0) return std::min(ready, 1);
        if (take_one()) return 0;
    }
}

extern "C" int libmilter_cond_signal(pthread_cond_t* condition) {
    if (the_woken < the_waiting)
        ++the_woken;
    else
        (void)::eventfd_write(left_over(), 1);  // fails only where nobody polls for it
    return ::pthread_cond_signal(condition);
}

extern "C" int libmilter_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* lock,
                                        const timespec* end) {
    while (take_one()) {  // those that were left over have a thread by now
    }
    ++the_waiting;
    const int result = ::pthread_cond_timedwait(condition, lock, end);
    --the_waiting;
    the_woken = std::max(the_woken - 1, 0);
    return result;
}

extern "C" int libmilter_cond_timedwait64(pthread_cond_t* condition, pthread_mutex_t* lock,
                                          const timespec* end) {
    return libmilter_cond_timedwait(condition, lock, end);
}

}  // namespace maildircrypt
