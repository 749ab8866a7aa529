/// Log lines of the supervisor, to the host's log daemon. Needs nothing but libc.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

namespace maildircrypt {

/// Unlike syslog(3) it never waits: a log daemon that hangs would keep the supervisor from its
/// deadline, and the MTA would bounce. A line that cannot be sent at once is lost.
class SystemLog {
public:
    /// `EVENT number=NUMBER output="OUTPUT"` with what is not printable in OUTPUT replaced, cut
    /// after some hundred octets.
    static void error(const char* event, int number, std::string_view output) {
        std::array<char, 400> shown{};
        const std::size_t size = std::min(output.size(), shown.size());
        std::transform(output.begin(), output.begin() + size, shown.begin(), [](char c) {
            const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
            return plain ? c : ' ';
        });
        std::array<char, 600> line{};
        const int length = std::snprintf(line.data(), line.size(),
                                         "<%d>maildircrypt-pipe[%ld]: %s number=%d output=\"%.*s\"",
                                         LOG_MAIL | LOG_ERR, static_cast<long>(::getpid()), event,
                                         number, static_cast<int>(size), shown.data());
        send({line.data(),
              std::min(static_cast<std::size_t>(std::max(length, 0)), line.size() - 1)});
    }

private:
    static void send(std::string_view line) {
        const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) return;
        sockaddr address{};
        static_assert(sizeof _PATH_LOG <= sizeof address.sa_data);
        address.sa_family = AF_UNIX;
        std::copy_n(_PATH_LOG, sizeof _PATH_LOG, address.sa_data);
        (void)::sendto(fd, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL, &address,
                       sizeof address);
        (void)::close(fd);
    }
};

}  // namespace maildircrypt
