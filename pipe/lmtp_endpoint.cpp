#include "pipe/lmtp_endpoint.hpp"

#include "base/handle.hpp"
#include "base/process.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <boost/asio/local/stream_protocol.hpp>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace maildircrypt::lmtp {
namespace {

using Clock = std::chrono::steady_clock;
using Addresses = Handle<addrinfo, ::freeaddrinfo>;

constexpr int backlog = 1024;
constexpr std::string_view smtp_port = "25";
/// A Unix socket whose queue is full says EAGAIN and cannot be waited for.
constexpr std::chrono::milliseconds queue_full_pause{10};

bool is_port(std::string_view text) {
    constexpr std::size_t max_digits = 5;
    return !text.empty() && text.size() <= max_digits &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<Addresses> resolve(const Endpoint& endpoint, int flags) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &found);
    Addresses addresses{found};
    if (error != 0)
        return retry("resolve " + endpoint.host + ": " + std::string{::gai_strerror(error)});
    return addresses;
}

Result<Fd> open_socket(int family, int flags) {
    Fd fd{::socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
    if (!fd) return errno_error("socket");
    return fd;
}

Result<Fd> listen_inet(const addrinfo& address) {
    auto fd = open_socket(address.ai_family, 0);
    if (!fd) return fd;
    const int on = 1;
    (void)::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.ai_family == AF_INET6)
        (void)::setsockopt(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(fd->get(), address.ai_addr, address.ai_addrlen) != 0) return errno_error("bind");
    if (::listen(fd->get(), backlog) != 0) return errno_error("listen");
    return fd;
}

Result<Fd> finish_connecting(Fd fd, Clock::time_point deadline) {
    auto ready = wait_ready(fd.get(), POLLOUT, deadline);
    if (!ready) return ready.error();
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno_error("connect");
    if (error != 0) return errno_error("connect", error);
    return fd;
}

Result<Fd> connect_socket(int family, const sockaddr* address, socklen_t size,
                          Clock::time_point deadline) {
    for (;;) {
        auto fd = open_socket(family, SOCK_NONBLOCK);
        if (!fd) return fd;
        if (::connect(fd->get(), address, size) == 0) return fd;
        if (errno == EINPROGRESS) return finish_connecting(std::move(*fd), deadline);
        const bool full = family == AF_UNIX && errno == EAGAIN && Clock::now() < deadline;
        if (!full && errno != EINTR) return errno_error("connect");
        if (full) (void)::poll(nullptr, 0, static_cast<int>(queue_full_pause.count()));
    }
}

Result<Fd> connect_inet(const Endpoint& endpoint, Clock::time_point deadline) {
    auto addresses = resolve(endpoint, 0);
    if (!addresses) return addresses.error();
    Result<Fd> fd = retry("connect: no address");
    for (const addrinfo* a = addresses->get(); a != nullptr && !fd; a = a->ai_next)
        fd = connect_socket(a->ai_family, a->ai_addr, a->ai_addrlen, deadline);
    const int on = 1;
    if (fd) (void)::setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
    if (text.starts_with("unix:")) {
        const std::string_view path = text.substr(5);
        if (!path.starts_with('/'))
            return refuse("'" + std::string{text} + "': not an absolute path");
        if (path.size() >= sizeof sockaddr_un{}.sun_path)
            return refuse("'" + std::string{text} + "': the path is too long for a socket");
        return Endpoint{std::string{path}, {}, {}};
    }
    const Error malformed =
        refuse("'" + std::string{text} + "' is neither unix:PATH nor inet:HOST:PORT");
    if (!text.starts_with("inet:")) return malformed;
    text.remove_prefix(5);
    const auto colon = text.rfind(':');
    if (colon == text.npos || colon == 0 || !is_port(text.substr(colon + 1))) return malformed;
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != host.npos)
        return malformed;
    if (host.empty()) return malformed;
    if (port == smtp_port) return refuse("LMTP is not spoken on port 25 (RFC 2033, section 5)");
    return Endpoint{{}, std::string{host}, std::string{port}};
}

Result<std::vector<Fd>> listen_at(const Endpoint& endpoint, mode_t mode) {
    std::vector<Fd> sockets;
    if (!endpoint.path.empty()) {
        auto fd = listen_unix(endpoint.path, mode);
        if (!fd) return fd.error();
        sockets.push_back(std::move(*fd));
        return sockets;
    }
    const auto addresses = resolve(endpoint, AI_PASSIVE);
    if (!addresses) return addresses.error();
    for (const addrinfo* a = addresses->get(); a != nullptr; a = a->ai_next) {
        auto fd = listen_inet(*a);
        if (!fd) return retry(fd.error().what + " (" + endpoint.host + ":" + endpoint.port + ")");
        sockets.push_back(std::move(*fd));
    }
    return sockets;
}

Result<Fd> connect_to(const Endpoint& endpoint, Clock::time_point deadline) {
    if (endpoint.path.empty()) return connect_inet(endpoint, deadline);
    const boost::asio::local::stream_protocol::endpoint address{endpoint.path};
    return connect_socket(AF_UNIX, address.data(), static_cast<socklen_t>(address.size()),
                          deadline);
}

Result<short> wait_ready(int fd, short events, Clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return retry("timed out");
        pollfd watched{fd, events, 0};
        const int ready = ::poll(&watched, 1, static_cast<int>(left.count()));
        if (ready > 0) return watched.revents;
        if (ready < 0 && errno != EINTR) return errno_error("poll");
    }
}

}  // namespace maildircrypt::lmtp
