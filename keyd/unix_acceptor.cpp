#include "keyd/unix_acceptor.hpp"

namespace maildircrypt {
namespace {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

/// Without descriptors accept(2) fails at once, again and again.
constexpr std::chrono::milliseconds pause_after_error{100};

}  // namespace

UnixAcceptor::UnixAcceptor(boost::asio::io_context& io, Fd listener,
                           const Administrators& administrators, const Log& log, Handler handler)
    : acceptor_(io, stream_protocol{}, listener.release()),
      pause_(io),
      administrators_(administrators),
      log_(log),
      handler_(std::move(handler)) {}

void UnixAcceptor::start() {
    acceptor_.async_accept(
        [this](const error_code& error, Socket socket) { accepted(error, std::move(socket)); });
}

void UnixAcceptor::accepted(const error_code& error, Socket socket) {
    if (!acceptor_.is_open()) return;
    if (error) {
        log_.event(LogLevel::error, "accept_failed", {{"reason", error.message()}});
        pause_.expires_after(pause_after_error);
        pause_.async_wait([this](const error_code& stopped) {
            if (!stopped) start();
        });
        return;
    }
    const auto caller = administrators_.identify(socket.native_handle());
    if (caller) {
        handler_(std::move(socket), *caller);
    } else {
        log_.event(LogLevel::warning, "peer_unknown", {{"reason", caller.error().what}});
    }
    start();
}

void UnixAcceptor::stop() {
    error_code ignored;  // the program ends
    acceptor_.close(ignored);
    pause_.cancel();
}

}  // namespace maildircrypt
