/// Accepts connections on a Unix socket and says who they are from.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "keyd/caller.hpp"

#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

namespace maildircrypt {

/// Lives as long as the io_context runs. The thread that runs it.
class UnixAcceptor {
public:
    using Socket = boost::asio::local::stream_protocol::socket;
    using Handler = std::function<void(Socket, const Caller&)>;

    UnixAcceptor(boost::asio::io_context& io, Fd listener, const Administrators& administrators,
                 const Log& log, Handler handler);
    void start();
    void stop();

private:
    void accepted(const boost::system::error_code& error, Socket socket);

    boost::asio::local::stream_protocol::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    const Administrators& administrators_;
    const Log& log_;
    Handler handler_;
};

}  // namespace maildircrypt
