/// Lookups from a PostgreSQL store: from memory while that is known to be right, or while the
/// database is away.
#pragma once

#include "keyd/entry_cache.hpp"
#include "keyd/postgresql_watcher.hpp"
#include "keyd/store.hpp"
#include "keyd/store_settings.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace maildircrypt {

/// A lookup waits for the database no longer than this, and of all lookups only the first one: the
/// connection is given up then.
inline constexpr std::chrono::milliseconds lookup_patience{1'000};
/// Memory is right when the database confirmed so late: with watch_period and the time of a poll,
/// changes of other keyd are seen within a second.
inline constexpr std::chrono::milliseconds confirmed_for{600};

/// What memory answers is never "no key": at least one of the names asked for has keys, or had
/// some. When the database does not answer, memory is asked for names of which everything is known,
/// for at most `stale_answers` since the database was last heard of. When it answers, but as
/// another store or an older one, nothing is answered at all until the right one is back. One
/// thread.
class PostgresqlReader : public StoreReader {
public:
    /// Waits until the database answers.
    static Result<std::unique_ptr<StoreReader>> open(const std::string& conninfo,
                                                     const StoreSettings& settings,
                                                     std::shared_ptr<KnownHistory> history);
    PostgresqlReader(const std::string& conninfo, const StoreSettings& settings,
                     std::shared_ptr<KnownHistory> history, PostgresqlConnection connection);

    Result<FoundEntries> find(std::span<const EntryName> names) override;
    Result<Binding> binding(const EntryName& name) override;

private:
    using Clock = std::chrono::steady_clock;

    void catch_up();
    std::optional<FoundEntries> recall(std::span<const EntryName> names);
    Result<FoundEntries> ask(std::span<const EntryName> names);
    Result<void> advance(const StoreStamp& stamp);
    Error lost_connection();

    const std::chrono::seconds stale_answers_;
    const std::shared_ptr<KnownHistory> history_;
    EntryCache cache_{EntryCacheLimits{}};
    StoreStamp latest_;            ///< what cache_ is right for
    Clock::time_point confirmed_;  ///< when the watcher last asked, and was told
    Clock::time_point heard_;      ///< when the database last answered at all
    std::optional<std::string> distrust_;
    std::optional<PostgresqlConnection> connection_;
    PostgresqlWatcher watcher_;
};

}  // namespace maildircrypt
