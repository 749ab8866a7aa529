/// The API's HTTP server on a Unix socket (keyd/API): lookups are answered at once, everything slow
/// goes to the workers.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "keyd/caller.hpp"
#include "keyd/connection_table.hpp"
#include "keyd/key_service.hpp"
#include "keyd/unix_acceptor.hpp"
#include "keyd/upload_budget.hpp"
#include "keyd/workers.hpp"

#include <chrono>
#include <cstddef>

#include <boost/asio/io_context.hpp>

namespace maildircrypt {

struct HttpLimits {
    std::size_t header = 8 * 1024;              ///< octets
    std::chrono::milliseconds request{30'000};  ///< from one reply to the next request's header
    std::chrono::milliseconds body{30'000};     ///< until a whole body is there
    std::chrono::milliseconds reply{10'000};    ///< until the client has taken the reply
    std::chrono::milliseconds goodbye{2'000};   ///< to take a refusal before its body was read
};

/// What the server works with; all of it outlives the server. The reader is the I/O thread's.
struct HttpServerParts {
    boost::asio::io_context& io;
    ConnectionTable& table;
    KeyService& service;
    StoreReader& reader;
    Workers& workers;
    UploadBudget& uploads;  ///< outlives the io_context, too: waiting connections hold tickets
    const Administrators& administrators;
    const Log& log;
    HttpLimits limits{};
};

/// The thread that runs the io_context.
class HttpServer {
public:
    HttpServer(HttpServerParts parts, Fd listener);
    void start() { acceptor_.start(); }
    /// Takes no new connections; those that are being served get their answers, then end.
    void stop();

private:
    friend class HttpConnection;
    HttpServerParts parts_;
    bool stopping_ = false;
    UnixAcceptor acceptor_;
};

}  // namespace maildircrypt
