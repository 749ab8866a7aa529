/// Asks a PostgreSQL store over and over what has changed, and connects anew when it was away, in a
/// thread of its own: lookups never wait for that.
#pragma once

#include "keyd/known_history.hpp"
#include "keyd/postgresql_connection.hpp"
#include "keyd/store_settings.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace maildircrypt {

inline constexpr std::chrono::milliseconds watch_period{200};

/// What has become known since the last take().
struct PostgresqlNews {
    std::optional<StoreStamp> stamp;                ///< of the last good poll, if there was one
    std::chrono::steady_clock::time_point asked{};  ///< when that poll began
    std::vector<std::string> changed;               ///< names of entries that were changed
    bool all_changed = false;                       ///< which ones is not known
    std::optional<std::string> distrust;  ///< why the store that answers must not be believed
    std::optional<PostgresqlConnection> connection;  ///< checked, if one was asked for
};

class PostgresqlWatcher {
public:
    /// `patience` is that of the connections that are handed out, too.
    PostgresqlWatcher(std::string conninfo, PostgresqlPatience patience,
                      std::shared_ptr<KnownHistory> history, const Log* log);
    ~PostgresqlWatcher() = default;  // waits for the thread, at most for its patience
    PostgresqlWatcher(const PostgresqlWatcher&) = delete;
    PostgresqlWatcher& operator=(const PostgresqlWatcher&) = delete;

    /// Cheap when there is none.
    std::optional<PostgresqlNews> take();
    /// Have a new connection made; it comes with the news.
    void want_connection();

private:
    void run(const std::stop_token& stop);
    void poll();
    void offer_connection();
    void succeeded(const StoreStamp& stamp, std::chrono::steady_clock::time_point asked,
                   std::optional<std::vector<std::string>> changed);
    void failed(const Error& error);

    const std::string conninfo_;
    const PostgresqlPatience patience_;
    const std::shared_ptr<KnownHistory> history_;
    const Log* const log_;

    // The thread's own.
    std::optional<PostgresqlConnection> connection_;
    StoreStamp seen_;
    std::optional<Fate> trouble_;  ///< what was logged last

    std::atomic<bool> has_news_{false};
    std::mutex mutex_;
    std::condition_variable_any wake_;
    PostgresqlNews news_;
    bool connection_wanted_ = false;
    std::jthread thread_;  ///< ends first
};

}  // namespace maildircrypt
