#include "keyd/postgresql_watcher.hpp"

#include "keyd/postgresql_changes.hpp"
#include "keyd/postgresql_open.hpp"

namespace maildircrypt {
namespace {

constexpr std::size_t news_limit = 10'000;  ///< names; beyond it everything may have changed

}  // namespace

PostgresqlWatcher::PostgresqlWatcher(std::string conninfo, PostgresqlPatience patience,
                                     std::shared_ptr<KnownHistory> history, const Log* log)
    : conninfo_(std::move(conninfo)),
      patience_(patience),
      history_(std::move(history)),
      log_(log),
      seen_(history_->newest()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

std::optional<PostgresqlNews> PostgresqlWatcher::take() {
    if (!has_news_.load(std::memory_order_acquire)) return std::nullopt;
    const std::lock_guard guard{mutex_};
    has_news_ = false;
    return std::exchange(news_, PostgresqlNews{});
}

void PostgresqlWatcher::want_connection() {
    {
        const std::lock_guard guard{mutex_};
        if (connection_wanted_) return;
        connection_wanted_ = true;
    }
    wake_.notify_one();
}

void PostgresqlWatcher::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        poll();
        offer_connection();
        std::unique_lock lock{mutex_};
        // While the database is away, being asked for a connection is no reason to hurry.
        wake_.wait_for(lock, stop, watch_period,
                       [this] { return connection_wanted_ && connection_.has_value(); });
    }
}

void PostgresqlWatcher::poll() {
    const auto asked = std::chrono::steady_clock::now();
    if (!connection_ || !connection_->usable()) {
        connection_.reset();
        auto opened = open_again(conninfo_, patience_, history_->newest());
        if (!opened) return failed(opened.error());
        connection_ = std::move(opened->connection);
    }
    // Lookups and changes of this process may have seen more than the last poll.
    const StoreStamp known = history_->newest();
    auto stamp = read_stamp(*connection_);
    if (!stamp) return failed(stamp.error());
    if (const auto wrong = contradiction(known, *stamp))
        return failed(refuse("store: PostgreSQL answers from " + *wrong + " than before"));
    ChangedAddresses changed{std::in_place};
    if (stamp->revision != seen_.revision) {
        auto read = read_changed(*connection_, seen_.revision, stamp->revision);
        if (!read) return failed(read.error());
        changed = std::move(*read);
    }
    seen_ = *stamp;
    history_->note(*stamp);
    succeeded(*stamp, asked, std::move(changed));
}

void PostgresqlWatcher::offer_connection() {
    if (!connection_) return;
    {
        const std::lock_guard guard{mutex_};
        if (!connection_wanted_) return;
    }
    auto opened = open_again(conninfo_, patience_, history_->newest());
    if (!opened) return failed(opened.error());
    const std::lock_guard guard{mutex_};
    connection_wanted_ = false;
    news_.connection = std::move(opened->connection);
    has_news_ = true;
}

void PostgresqlWatcher::succeeded(const StoreStamp& stamp,
                                  std::chrono::steady_clock::time_point asked,
                                  ChangedAddresses changed) {
    if (trouble_ && log_ != nullptr)
        log_->event(LogLevel::warning, "store_back",
                    {{"revision", std::to_string(stamp.revision)}});
    trouble_.reset();
    const std::lock_guard guard{mutex_};
    news_.stamp = stamp;
    news_.asked = asked;
    news_.distrust.reset();
    if (changed && news_.changed.size() + changed->size() <= news_limit)
        news_.changed.insert(news_.changed.end(), changed->begin(), changed->end());
    else
        news_.all_changed = true;
    has_news_ = true;
}

void PostgresqlWatcher::failed(const Error& error) {
    connection_.reset();
    const bool distrusted = error.fate == Fate::refuse;
    if (trouble_ != error.fate && log_ != nullptr)
        log_->event(LogLevel::error, distrusted ? "store_distrusted" : "store_away",
                    {{"reason", error.what}});
    trouble_ = error.fate;
    if (!distrusted) return;
    const std::lock_guard guard{mutex_};
    news_.distrust = error.what;
    has_news_ = true;
}

}  // namespace maildircrypt
