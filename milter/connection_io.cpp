#include "milter/connection_io.hpp"

#include <algorithm>
#include <array>
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

/// Whether it can be read without a system call, and that is what is asked.
bool holds_octets(const pollfd& watched) {
    if ((watched.events & POLLIN) == 0) return false;
    auto** place = place_of(watched.fd);
    return place != nullptr && *place != nullptr && !(*place)->empty();
}

/// All that are ready, without waiting.
int poll_held(pollfd* watched, nfds_t count) {
    // One connection that holds octets needs no look at its socket.
    if (count == 1)
        watched[0].revents = 0;
    else if (::poll(watched, count, 0) < 0)
        return -1;
    int ready = 0;
    for (nfds_t i = 0; i < count; ++i) {
        if (holds_octets(watched[i])) watched[i].revents |= POLLIN;
        if (watched[i].revents != 0) ++ready;
    }
    return ready;
}

/// As read(2), of a connection from which nothing is held. What is no socket, and what was said to
/// be readable and is not, is read as it would be without reading ahead.
ssize_t read_ahead(int fd, ReadAhead& held, void* target, std::size_t size) {
    const ssize_t count = held.fill(fd);
    if (count < 0) return ::read(fd, target, size);
    return static_cast<ssize_t>(held.take(target, size));
}

}  // namespace
}  // namespace maildircrypt

using namespace maildircrypt;

extern "C" int libmilter_poll(pollfd* watched, nfds_t count, int timeout) {
    if (std::any_of(watched, watched + count, holds_octets)) return poll_held(watched, count);
    return ::poll(watched, count, timeout == pool_patience ? own_patience : timeout);
}

extern "C" ssize_t libmilter_read(int fd, void* target, std::size_t size) {
    auto** place = place_of(fd);
    if (place == nullptr) return ::read(fd, target, size);
    if (*place != nullptr && !(*place)->empty())
        return static_cast<ssize_t>((*place)->take(target, size));
    if (size >= read_ahead_octets) return ::read(fd, target, size);
    if (*place == nullptr) *place = new (std::nothrow) ReadAhead;
    if (*place == nullptr) return ::read(fd, target, size);
    return read_ahead(fd, **place, target, size);
}

extern "C" int libmilter_close(int fd) {
    if (auto** place = place_of(fd)) delete std::exchange(*place, nullptr);
    return ::close(fd);
}
