/// Serves the socketmap on a Unix socket.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "keyd/caller.hpp"
#include "keyd/connection_table.hpp"
#include "keyd/key_service.hpp"
#include "keyd/unix_acceptor.hpp"

#include <chrono>

#include <boost/asio/io_context.hpp>

namespace maildircrypt {

/// What the server works with; all of it outlives the server. The reader is the I/O thread's.
struct SocketmapServerParts {
    boost::asio::io_context& io;
    ConnectionTable& table;
    KeyService& service;
    StoreReader& reader;
    const Administrators& administrators;
    const Log& log;
    std::chrono::milliseconds request{30'000};  ///< from one reply to the end of the next query
};

/// The thread that runs the io_context.
class SocketmapServer {
public:
    SocketmapServer(SocketmapServerParts parts, Fd listener);
    void start() { acceptor_.start(); }
    void stop() { acceptor_.stop(); }

private:
    SocketmapServerParts parts_;
    UnixAcceptor acceptor_;
};

}  // namespace maildircrypt
