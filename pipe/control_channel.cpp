#include "pipe/control_channel.hpp"

#include "pipe/control.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

bool is_control_socket(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

/// Blocks the signals that ask to stop and makes them readable.
Result<Fd> open_signals() {
    sigset_t stopping;
    (void)::sigemptyset(&stopping);
    for (const int number : {SIGTERM, SIGHUP, SIGINT}) (void)::sigaddset(&stopping, number);
    if (::sigprocmask(SIG_BLOCK, &stopping, nullptr) != 0) return errno_error("block signals");
    Fd signals{::signalfd(-1, &stopping, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!signals) return errno_error("signalfd");
    return signals;
}

/// Until one of the two can be read; false when it is the second.
Result<bool> first_is_ready(int first, int second) {
    std::array<pollfd, 2> watched{{{first, POLLIN, 0}, {second, POLLIN, 0}}};
    for (;;) {
        const int ready = ::poll(watched.data(), watched.size(), -1);
        if (ready > 0) return watched[1].revents == 0;
        if (ready < 0 && errno != EINTR) return errno_error("poll");
    }
}

}  // namespace

Result<ControlChannel> ControlChannel::adopt() {
    if (!is_control_socket(control_fd) || ::fcntl(output_fd, F_GETFD) < 0)
        return retry("not started by maildircrypt-pipe");
    auto signals = open_signals();
    if (!signals) return signals.error();
    return ControlChannel{Fd{control_fd}, Fd{output_fd}, std::move(*signals)};
}

Result<void> ControlChannel::report(std::string_view message) {
    if (::send(control_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0)
        return errno_error("report to the supervisor");
    return {};
}

Result<void> ControlChannel::wait_for_input(int fd) {
    auto ready = first_is_ready(fd, signals_.get());
    if (!ready) return ready.error();
    return *ready ? Result<void>{} : retry("told to stop");
}

Result<void> ControlChannel::wait_for_go() {
    auto ready = first_is_ready(control_.get(), signals_.get());
    if (!ready) return ready.error();
    if (!*ready) return retry("told to stop before the commit");
    std::array<char, max_control_message> buffer;
    const ssize_t size = ::recv(control_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) return errno_error("hear from the supervisor");
    const std::string_view message{buffer.data(), static_cast<std::size_t>(size)};
    if (message != control_go) return retry("the supervisor did not allow the commit");
    return {};
}

}  // namespace maildircrypt
