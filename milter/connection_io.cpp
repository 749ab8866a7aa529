#include "milter/connection_io.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

/// What has come from one connection and was not asked for yet.
class ReadAhead {
public:
    bool empty() const { return begin_ == end_; }
    /// At most `size` octets.
    std::size_t take(void* target, std::size_t size) {
        const std::size_t count = std::min(size, end_ - begin_);
        std::memcpy(target, octets_.data() + begin_, count);
        ::explicit_bzero(octets_.data() + begin_, count);
        begin_ += count;
        return count;
    }
    /// As recv(2), without waiting. Only when empty.
    ssize_t fill(int fd) {
        const ssize_t count = ::recv(fd, octets_.data(), octets_.size(), MSG_DONTWAIT);
        begin_ = 0;
        end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
        return count;
    }

private:
    std::array<char, read_ahead_octets> octets_;  // wiped when freed, as all memory of the process
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

/// By descriptor. Without a destructor: threads of libmilter still run when the process ends.
std::array<ReadAhead*, read_ahead_descriptors> the_connections;

ReadAhead** place_of(int fd) {
    if (fd < 0 || fd >= read_ahead_descriptors) return nullptr;
    return &the_connections[static_cast<std::size_t>(fd)];
}

bool holds_octets(int fd) {
    ReadAhead** place = place_of(fd);
    return place != nullptr && *place != nullptr && !(*place)->empty();
}

/// As read(2), of a connection from which nothing is held. What is no socket, and what was said to
/// be readable and is not, is read as it would be without reading ahead.
ssize_t read_ahead(int fd, ReadAhead& held, void* target, std::size_t size) {
    const ssize_t count = held.fill(fd);
    if (count < 0) return ::read(fd, target, size);
    return static_cast<ssize_t>(held.take(target, size));
}

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

}  // namespace maildircrypt

using namespace maildircrypt;

/// The pool's own poll, of many, looks at the sockets alone: it may still name a connection that is
/// closed, and whose number another thread has by now.
extern "C" int libmilter_poll(pollfd* watched, nfds_t count, int timeout) {
    if (count == 1 && (watched->events & POLLIN) != 0 && holds_octets(watched->fd)) {
        watched->revents = POLLIN;
        return 1;
    }
    return ::poll(watched, count, timeout == pool_patience ? patience() : timeout);
}

extern "C" ssize_t libmilter_read(int fd, void* target, std::size_t size) {
    ReadAhead** place = place_of(fd);
    if (place == nullptr) return ::read(fd, target, size);
    if (*place != nullptr && !(*place)->empty())
        return static_cast<ssize_t>((*place)->take(target, size));
    if (size >= read_ahead_octets) return ::read(fd, target, size);
    if (*place == nullptr) *place = new (std::nothrow) ReadAhead;
    if (*place == nullptr) return ::read(fd, target, size);
    return read_ahead(fd, **place, target, size);
}

extern "C" int libmilter_close(int fd) {
    if (ReadAhead** place = place_of(fd)) delete std::exchange(*place, nullptr);
    return ::close(fd);
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

extern "C" int libmilter_poll_chk(pollfd* watched, nfds_t count, int timeout, std::size_t room) {
    if (room / sizeof *watched < count) std::abort();
    return libmilter_poll(watched, count, timeout);
}

extern "C" ssize_t libmilter_read_chk(int fd, void* target, std::size_t size, std::size_t room) {
    if (room < size) std::abort();
    return libmilter_read(fd, target, size);
}
