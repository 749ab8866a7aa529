#include "pipe/lmtp_server.hpp"

#include "pipe/lmtp_limits.hpp"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <map>
#include <memory>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace maildircrypt::lmtp {
namespace {

namespace asio = boost::asio;

/// While descriptors or memory are short, accepting would only spin.
constexpr std::chrono::milliseconds accept_pause{200};
constexpr std::chrono::seconds tick_time{5};

std::string hexadecimal(std::uint64_t number) {
    std::string text;
    for (; number != 0 || text.empty(); number /= 16)
        text.insert(text.begin(), "0123456789abcdef"[number % 16]);
    return text;
}

class Server {
public:
    Server(const Guard& guard, const ServerSettings& settings)
        : guard_(guard),
          settings_(settings),
          signals_(io_, SIGTERM, SIGINT),
          ticker_(io_),
          workers_(std::make_unique<Workers>(settings.connections + 1)),
          context_{io_, *workers_, guard, settings.name, settings.size_limit, settings.idle_time},
          start_(hexadecimal(static_cast<std::uint64_t>(std::time(nullptr)))) {}

    Result<bool> run(std::vector<Fd> sockets, const std::function<void()>& ready);

private:
    struct Listener {
        asio::posix::stream_descriptor socket;
        asio::steady_timer pause;
    };

    /// An exception here is a bug, and worker threads still use what unwinding would destroy: the
    /// process ends at once, and no mail was answered with 250 that is not kept.
    void work() noexcept { io_.run(); }
    void await_connection(Listener& listener);
    void accept_all(Listener& listener);
    void take_connection(Fd socket);
    void turn_away(Fd socket);
    void await_signal();
    void stop();
    void cut();
    void tick();
    void end_if_idle();

    const Guard& guard_;
    const ServerSettings& settings_;
    asio::io_context io_;
    asio::signal_set signals_;
    asio::steady_timer ticker_;
    std::unique_ptr<Workers> workers_;
    ConnectionContext context_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::map<std::uint64_t, std::weak_ptr<Connection>> connections_;
    std::uint64_t next_id_ = 0;
    const std::string start_;
    bool stopping_ = false;
    bool cut_ = false;
    std::chrono::steady_clock::time_point stop_deadline_;
};

Result<bool> Server::run(std::vector<Fd> sockets, const std::function<void()>& ready) {
    for (auto& fd : sockets) {
        const int flags = ::fcntl(fd.get(), F_GETFL);
        if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0)
            return errno_error("listening socket");
        listeners_.push_back(std::make_unique<Listener>(
            Listener{asio::posix::stream_descriptor{io_, fd.release()}, asio::steady_timer{io_}}));
        await_connection(*listeners_.back());
    }
    await_signal();
    tick();
    ready();
    const auto guard_work = asio::make_work_guard(io_);
    work();
    if (cut_ && !connections_.empty()) {
        // A job that never returns must not keep the process: its thread is left behind.
        (void)workers_.release();
        return false;
    }
    workers_.reset();
    return true;
}

void Server::await_connection(Listener& listener) {
    listener.socket.async_wait(asio::posix::stream_descriptor::wait_read,
                               [this, &listener](const boost::system::error_code& error) {
                                   if (!error && !stopping_) accept_all(listener);
                               });
}

void Server::accept_all(Listener& listener) {
    for (;;) {
        Fd socket{::accept4(listener.socket.native_handle(), nullptr, nullptr,
                            SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (socket) {
            take_connection(std::move(socket));
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN) return await_connection(listener);
        guard_.log.event(LogLevel::error, "accept_failed", {{"why", errno_error("accept").what}});
        listener.pause.expires_after(accept_pause);
        listener.pause.async_wait([this, &listener](const boost::system::error_code& error) {
            if (!error && !stopping_) await_connection(listener);
        });
        return;
    }
}

void Server::take_connection(Fd socket) {
    if (connections_.size() >= settings_.connections) return turn_away(std::move(socket));
    const int on = 1;  // means nothing to a Unix socket
    (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto number = ++next_id_;
    const auto connection = std::make_shared<Connection>(
        context_, std::move(socket), start_ + '-' + hexadecimal(number), [this, number] {
            connections_.erase(number);
            end_if_idle();
        });
    connections_.emplace(number, connection);
    connection->start();
}

/// The socket's buffer is empty: the line fits, or the peer does without.
void Server::turn_away(Fd socket) {
    const std::string line =
        Reply{421, "4.3.2", settings_.name + " Too many connections", {}}.render();
    (void)::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    guard_.log.event(LogLevel::warning, "too_many_connections", {});
}

void Server::await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
        if (error) return;
        stopping_ ? cut() : stop();
        await_signal();
    });
}

void Server::stop() {
    stopping_ = true;
    stop_deadline_ = std::chrono::steady_clock::now() + stop_grace;
    guard_.log.event(LogLevel::info, "stopping",
                     {{"connections", std::to_string(connections_.size())}});
    for (auto& listener : listeners_) {
        boost::system::error_code ignored;  // closed is closed
        listener->socket.close(ignored);
        listener->pause.cancel();
    }
    const auto connections = connections_;  // stop() may end some of them
    for (const auto& [number, weak] : connections) {
        if (const auto connection = weak.lock()) connection->stop();
    }
    end_if_idle();
}

/// Closes what is left. Jobs that run may deliver yet: their sender has no answer and comes again.
void Server::cut() {
    cut_ = true;
    const auto connections = connections_;
    for (const auto& [number, weak] : connections) {
        if (const auto connection = weak.lock()) connection->cut();
    }
    io_.stop();
}

void Server::tick() {
    guard_.next.tick();
    if (stopping_ && std::chrono::steady_clock::now() >= stop_deadline_) return cut();
    ticker_.expires_after(tick_time);
    ticker_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

void Server::end_if_idle() {
    if (stopping_ && connections_.empty()) io_.stop();
}

}  // namespace

Result<bool> serve(const Guard& guard, const ServerSettings& settings, std::vector<Fd> sockets,
                   const std::function<void()>& ready) {
    // Left alone when something still runs: see run().
    auto server = std::make_unique<Server>(guard, settings);
    auto ended = server->run(std::move(sockets), ready);
    if (ended && !*ended) (void)server.release();
    return ended;
}

}  // namespace maildircrypt::lmtp
