#include "base/fd.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace maildircrypt {

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = other.release();
    }
    return *this;
}

Fd::~Fd() {
    if (fd_ >= 0) ::close(fd_);
}

int Fd::release() {
    return std::exchange(fd_, -1);
}

Result<void> Fd::close(const std::string& step) {
    if (::close(release()) != 0) return errno_error(step);
    return {};
}

Result<Fd> open_file(const std::string& path, int flags, mode_t mode) {
    Fd fd{::open(path.c_str(), flags | O_CLOEXEC, mode)};
    if (!fd) return errno_error("open " + path);
    return fd;
}

Result<void> write_all(int fd, std::string_view text, const std::string& step) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error(step);
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<std::size_t> read_some(int fd, std::span<char> buffer, const std::string& step) {
    for (;;) {
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) return errno_error(step);
    }
}

Result<std::string> read_all(int fd, std::size_t limit, const std::string& step) {
    std::string text;
    char buffer[16384];
    for (;;) {
        auto count = read_some(fd, buffer, step);
        if (!count) return count.error();
        if (*count == 0) return text;
        if (text.size() + *count > limit)
            return refuse(step + ": longer than " + std::to_string(limit) + " octets");
        text.append(buffer, *count);
    }
}

}  // namespace maildircrypt
