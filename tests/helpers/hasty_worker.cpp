/// A worker of the pipe whose disk takes no time: it says "synced" in the instant its input ends.
///
///     hasty_worker READY GO     makes READY when it waits for input, GO when it may commit
#include "pipe/control.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace maildircrypt;

int main(int argc, char* argv[]) {
    if (argc != 3) return 1;
    std::array<char, 65536> buffer;
    if (::read(STDIN_FILENO, buffer.data(), 1) != 1) return 1;
    if (::open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0) return 1;
    while (::read(STDIN_FILENO, buffer.data(), buffer.size()) > 0) {
    }
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const int size = std::snprintf(buffer.data(), buffer.size(), "synced %lld",
                                   1'000'000'000LL * now.tv_sec + now.tv_nsec);
    if (::send(control_fd, buffer.data(), static_cast<std::size_t>(size), 0) != size) return 1;
    const ssize_t heard = ::recv(control_fd, buffer.data(), buffer.size(), 0);
    if (heard <= 0 ||
        std::string_view{buffer.data(), static_cast<std::size_t>(heard)} != control_go)
        return 1;
    if (::open(argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0) return 1;
    ::send(control_fd, control_delivered.data(), control_delivered.size(), 0);
    return 0;
}
