/// The LMTP server: listening sockets, connections up to a limit, a clean stop.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "pipe/lmtp_connection.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace maildircrypt::lmtp {

struct ServerSettings {
    std::string name;                  ///< of this host
    std::uint64_t size_limit = 0;      ///< octets of a message; 0 is none
    std::chrono::seconds idle_time{};  ///< for a peer
    std::size_t connections = 0;       ///< more are answered 421
};

/// Serves until SIGTERM or SIGINT; then takes no more connections, lets messages in flight come to
/// their end for at most stop_grace, and returns. A second signal cuts them off. The calling thread
/// does all the reading and writing, threads of a pool do what blocks. `ready` is called when
/// connections are answered. True when everything has ended; false when something that blocks still
/// holds on to what belongs to `guard`: the process must end without destroying it.
Result<bool> serve(const Guard& guard, const ServerSettings& settings, std::vector<Fd> sockets,
                   const std::function<void()>& ready);

}  // namespace maildircrypt::lmtp
