/// File descriptors that close themselves, and whole reads and writes on them.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace maildircrypt {

/// Owns a descriptor or nothing (-1). Every open in this project passes O_CLOEXEC.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept;
    ~Fd();

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release();
    /// Closes and reports what close(2) said (a delayed write error on some file systems).
    Result<void> close(const std::string& step);

private:
    int fd_ = -1;
};

/// Opens or says which step failed. `flags` get O_CLOEXEC added.
Result<Fd> open_file(const std::string& path, int flags, mode_t mode = 0);
/// Writes everything, restarting after signals and short writes.
Result<void> write_all(int fd, std::string_view text, const std::string& step);
/// Reads up to `buffer.size()` octets; 0 is the end. Restarts after signals.
Result<std::size_t> read_some(int fd, std::span<char> buffer, const std::string& step);
/// Reads a file whole; longer than `limit` octets is an error of fate refuse.
Result<std::string> read_all(int fd, std::size_t limit, const std::string& step);

}  // namespace maildircrypt
