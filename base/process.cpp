#include "base/process.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

constexpr int first_inherited_fd = 3;  // SD_LISTEN_FDS_START of sd_listen_fds(3)
constexpr int listen_backlog = 1024;

/// False when `path` is longer than a socket address holds.
bool fill_address(const std::string& path, sockaddr_un& address) {
    address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.data(), path.size());
    return true;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

template <class Number>
bool parse_number(const char* text, Number& number) {
    if (text == nullptr) return false;
    const std::string_view digits{text};
    const auto end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number);
    return error == std::errc{} && stop == end;
}

bool somebody_listens(const sockaddr_un& address) {
    const Fd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!probe) return true;
    if (::connect(probe.get(), as_sockaddr(address), sizeof address) == 0) return true;
    return errno != ECONNREFUSED;
}

}  // namespace

void keep_memory_private() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

void notify_ready() {
    const char* path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address;
    if (path == nullptr || !fill_address(path, address)) return;
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // abstract socket, sd_notify(3)
    const Fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const std::string_view message = "READY=1";
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
    (void)::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL, as_sockaddr(address),
                   length);
}

std::vector<Fd> inherited_sockets() {
    std::vector<Fd> sockets;
    pid_t pid = 0;
    int count = 0;
    if (!parse_number(std::getenv("LISTEN_PID"), pid) || pid != ::getpid()) return sockets;
    if (!parse_number(std::getenv("LISTEN_FDS"), count)) return sockets;
    for (int i = 0; i < count; ++i) sockets.emplace_back(first_inherited_fd + i);
    ::unsetenv("LISTEN_PID");
    ::unsetenv("LISTEN_FDS");
    return sockets;
}

Result<Fd> listen_unix(const std::string& path, mode_t mode) {
    sockaddr_un address;
    if (!fill_address(path, address)) return refuse("socket path too long: " + path);
    struct stat status;
    if (::lstat(path.c_str(), &status) == 0) {
        if (!S_ISSOCK(status.st_mode)) return refuse("not a socket: " + path);
        if (somebody_listens(address)) return refuse("in use by a running process: " + path);
        if (::unlink(path.c_str()) != 0) return errno_error("remove stale socket " + path);
    }
    Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd) return errno_error("socket");
    const mode_t old_mask = ::umask(0777 & ~mode);
    const int bound = ::bind(fd.get(), as_sockaddr(address), sizeof address);
    const int bind_errno = errno;
    ::umask(old_mask);
    if (bound != 0) return errno_error("bind " + path, bind_errno);
    if (::listen(fd.get(), listen_backlog) != 0) return errno_error("listen " + path);
    return fd;
}

}  // namespace maildircrypt
