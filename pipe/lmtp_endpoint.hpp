/// Where LMTP is spoken: `unix:PATH` or `inet:HOST:PORT`.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace maildircrypt::lmtp {

struct Endpoint {
    std::string path;  ///< of a Unix socket, absolute; empty for inet
    std::string host;  ///< name or number, IPv6 without its brackets
    std::string port;
};

/// IPv6 numbers stand in brackets: `inet:[::1]:2424`. Port 25 is refused: RFC 2033 §5.
Result<Endpoint> parse_endpoint(std::string_view text);

/// Listening sockets, one for each address of the host. `mode` is of a Unix socket.
Result<std::vector<Fd>> listen_at(const Endpoint& endpoint, mode_t mode);

/// A connected socket that does not block. All errors are of fate retry.
Result<Fd> connect_to(const Endpoint& endpoint, std::chrono::steady_clock::time_point deadline);

/// Waits until `fd` is ready for one of `events` (poll(2)) and returns what it is ready for; an
/// error of fate retry at the deadline.
Result<short> wait_ready(int fd, short events, std::chrono::steady_clock::time_point deadline);

}  // namespace maildircrypt::lmtp
