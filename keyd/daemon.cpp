#include "keyd/daemon.hpp"

#include "base/process.hpp"
#include "keyd/http_server.hpp"
#include "keyd/socketmap_server.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <mutex>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/resource.h>

namespace maildircrypt {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t worker_threads = 2;
constexpr std::size_t worker_queue = 128;  // jobs; bodies are limited by UploadBudget
constexpr std::chrono::seconds sweep_period{1};
constexpr int refresh_period = 30;          // sweeps
constexpr std::size_t refresh_batch = 500;  // addresses
/// After SIGTERM, for requests that are being served; gpg has limits of its own.
constexpr std::chrono::seconds stop_patience{20};
constexpr std::size_t spare_descriptors = 64;  // store, log, gpg's pipes

auto acceptor(bool refuse_sha1) {
    return [refuse_sha1](std::string_view upload, const Address& address, bool any_user_id,
                         std::span<const OctetString> stored, std::int64_t now) {
        return accept_certificate(upload, address, any_user_id, stored, now, refuse_sha1);
    };
}

/// As many connections as the descriptors allow.
ConnectionLimits connection_limits() {
    ConnectionLimits limits;
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return limits;
    files.rlim_cur = files.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &files);  // what counts is what it is afterwards
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return limits;
    const auto usable = std::max<std::size_t>(files.rlim_cur, 2 * spare_descriptors);
    limits.all = std::min(limits.all, usable - spare_descriptors);
    return limits;
}

class Daemon {
public:
    Daemon(DaemonConfig config, Store& store, std::unique_ptr<StoreReader> reader,
           const Administrators& administrators, const Ownership& ownership, const Log& log)
        : log_(log),
          store_(store),
          witness_(std::move(config.witness)),
          reader_(std::move(reader)),
          service_({store, ownership, log, acceptor(config.refuse_sha1),
                    [] { return static_cast<std::int64_t>(std::time(nullptr)); }, config.rules}),
          api_({io_, table_, service_, *reader_, workers_, uploads_, administrators, log},
               std::move(config.api)) {
        if (config.socketmap)
            socketmap_.emplace(
                SocketmapServerParts{io_, table_, service_, *reader_, administrators, log},
                std::move(*config.socketmap));
    }

    void run() {
        signals_.async_wait([this](const error_code& error, int) {
            if (!error) stop();
        });
        note_served();
        api_.start();
        if (socketmap_) socketmap_->start();
        tick();
        notify_ready();
        log_.event(LogLevel::info, "started", {});
        io_.run();
        note_served();
        log_.event(LogLevel::info, "stopped", {});
    }

private:
    void tick() {
        timer_.expires_after(sweep_period);
        timer_.async_wait([this](const error_code& error) {
            if (error) return;
            table_.sweep(std::chrono::steady_clock::now());
            if (++ticks_ % refresh_period == 0)
                (void)workers_.try_post([this] {
                    service_.refresh_stale(refresh_batch);
                    note_served();
                });
            tick();
        });
    }

    void note_served() {
        if (!witness_) return;
        const std::lock_guard lock{witness_mutex_};
        const auto stamp = store_.stamp();
        if (!stamp) return;  // with the store away there is nothing new to note
        if (auto noted = witness_->note(*stamp); !noted)
            log_.event(LogLevel::error, "witness_failed", {{"reason", noted.error().what}});
    }

    void stop() {
        log_.event(LogLevel::info, "stopping", {});
        api_.stop();
        if (socketmap_) socketmap_->stop();
        table_.abort_waiting();
        timer_.expires_after(stop_patience);
        timer_.async_wait([this](const error_code& error) {
            if (!error) io_.stop();
        });
        end_when_done();
    }

    /// The timers are all that is left when nobody is being served any more.
    void end_when_done() {
        if (table_.size() == 0) {
            timer_.cancel();
            return;
        }
        poll_.expires_after(std::chrono::milliseconds{20});
        poll_.async_wait([this](const error_code&) { end_when_done(); });
    }

    const Log& log_;
    Store& store_;
    std::optional<Witness> witness_;
    std::mutex witness_mutex_;
    UploadBudget uploads_{UploadLimits{}};
    asio::io_context io_{1};
    asio::signal_set signals_{io_, SIGTERM, SIGINT};
    asio::steady_timer timer_{io_};
    asio::steady_timer poll_{io_};
    ConnectionTable table_{connection_limits()};
    std::unique_ptr<StoreReader> reader_;
    KeyService service_;
    HttpServer api_;
    std::optional<SocketmapServer> socketmap_;
    int ticks_ = 0;
    Workers workers_{worker_threads, worker_queue};  // ends first: its jobs use all of the above
};

}  // namespace

Result<void> run_daemon(DaemonConfig config, Store& store, const Administrators& administrators,
                        const Ownership& ownership, const Log& log) {
    auto reader = store.open_reader();
    if (!reader) return reader.error();
    Daemon daemon{std::move(config), store, std::move(*reader), administrators, ownership, log};
    daemon.run();
    return {};
}

}  // namespace maildircrypt
