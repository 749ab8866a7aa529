#include "milter/connection_io.hpp"

#include "base/secret.hpp"
#include "milter/pool_patience.hpp"

#include <algorithm>
#include <array>
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
        const auto piece = octets_.span().subspan(begin_, std::min(size, end_ - begin_));
        std::memcpy(target, piece.data(), piece.size());
        ::explicit_bzero(piece.data(), piece.size());
        begin_ += piece.size();
        return piece.size();
    }
    /// As recv(2), without waiting. Only when empty.
    ssize_t fill(int fd) {
        const ssize_t count = ::recv(fd, octets_.data(), octets_.size(), MSG_DONTWAIT);
        begin_ = 0;
        end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
        return count;
    }

private:
    SecretArray<read_ahead_octets> octets_;
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

}  // namespace

extern "C" int libmilter_poll(pollfd* watched, nfds_t count, int timeout) {
    if (count == 1 && (watched->events & POLLIN) != 0 && holds_octets(watched->fd)) {
        watched->revents = POLLIN;
        return 1;
    }
    if (count == 1 && timeout == pool_patience) return await_command(*watched);
    return ::poll(watched, count, timeout);
}

extern "C" ssize_t libmilter_read(int fd, void* target, std::size_t size) {
    ReadAhead** place = place_of(fd);
    if (place == nullptr) return ::read(fd, target, size);
    if (*place != nullptr && !(*place)->empty())
        return static_cast<ssize_t>((*place)->take(target, size));
    if (size >= read_ahead_octets) return ::read(fd, target, size);
    // No exception may reach C; without memory reading goes on without.
    if (*place == nullptr) *place = new (std::nothrow) ReadAhead;
    if (*place == nullptr) return ::read(fd, target, size);
    return read_ahead(fd, **place, target, size);
}

extern "C" int libmilter_close(int fd) {
    if (ReadAhead** place = place_of(fd)) delete std::exchange(*place, nullptr);
    return ::close(fd);
}

extern "C" int libmilter_poll_chk(pollfd* watched, nfds_t count, int timeout, std::size_t room) {
    if (room / sizeof *watched < count) std::abort();
    return libmilter_poll(watched, count, timeout);
}

extern "C" ssize_t libmilter_read_chk(int fd, void* target, std::size_t size, std::size_t room) {
    if (room < size) std::abort();
    return libmilter_read(fd, target, size);
}

}  // namespace maildircrypt
