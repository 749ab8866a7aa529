#include "keyd/sqlite_store.hpp"

#include "keyd/alias_targets.hpp"
#include "keyd/sqlite_changes.hpp"
#include "keyd/sqlite_log.hpp"
#include "keyd/sqlite_open.hpp"
#include "keyd/store_sqlite.hpp"

#include <mutex>

namespace maildircrypt {
namespace {

/// KiB of pages that a lookup finds without asking the kernel: the inner pages of a million
/// addresses and the leaves that are asked for most.
constexpr int reader_cache = 112 * 1024;
constexpr int snapshot_cache = 1024;  // KiB; it reads everything once

/// A read transaction: what is read inside belongs to one revision.
class Snapshot {
public:
    static Result<Snapshot> begin(const SqliteConnection& connection) {
        if (auto begun = connection.execute("BEGIN"); !begun) return begun.error();
        return Snapshot{connection};
    }
    Snapshot(Snapshot&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
    Snapshot& operator=(Snapshot&&) = delete;
    ~Snapshot() {
        // Nothing was written, so nothing can be lost.
        if (connection_ != nullptr) (void)connection_->execute("ROLLBACK");
    }

private:
    explicit Snapshot(const SqliteConnection& connection) : connection_(&connection) {}
    const SqliteConnection* connection_;
};

Result<std::vector<EntryName>> read_names(Statement& rows) {
    std::vector<EntryName> names;
    for (;;) {
        auto row = rows.step();
        if (!row) return row.error();
        if (!*row) return names;
        auto name = EntryName::parse(rows.text(0));
        if (!name) return retry("store: a name is damaged");
        names.push_back(std::move(*name));
    }
}

class SqliteReader : public StoreReader {
public:
    static Result<std::unique_ptr<StoreReader>> open(const std::string& path) {
        auto connection = open_for_reading(path, reader_cache);
        if (!connection) return connection.error();
        return std::unique_ptr<StoreReader>{std::make_unique<SqliteReader>(std::move(*connection))};
    }
    explicit SqliteReader(SqliteConnection connection) : connection_(std::move(connection)) {}

    /// The writer's flock(2) keeps every other keyd out (sqlite_open.cpp).
    bool is_sole_writer() const override { return true; }
    Result<FoundEntries> find(std::span<const EntryName> names) override {
        if (names.size() <= names_at_once) return find_entries(connection_, names);
        auto snapshot = Snapshot::begin(connection_);
        if (!snapshot) return snapshot.error();
        return find_entries(connection_, names);
    }
    Result<Binding> binding(const EntryName& name) override {
        auto snapshot = Snapshot::begin(connection_);
        if (!snapshot) return snapshot.error();
        return read_binding(connection_, name);
    }

private:
    SqliteConnection connection_;
};

class SqliteSnapshot : public StoreSnapshot {
public:
    static Result<std::unique_ptr<StoreSnapshot>> open(const std::string& path) {
        auto connection = open_for_reading(path, snapshot_cache);
        if (!connection) return connection.error();
        // Ends with the connection, which can only read.
        if (auto begun = connection->execute("BEGIN"); !begun) return begun.error();
        auto stamp = read_stamp(*connection);  // this is the moment
        if (!stamp) return stamp.error();
        return std::unique_ptr<StoreSnapshot>{
            std::make_unique<SqliteSnapshot>(std::move(*connection), std::move(*stamp))};
    }
    SqliteSnapshot(SqliteConnection connection, StoreStamp stamp)
        : connection_(std::move(connection)), stamp_(std::move(stamp)) {}

    const StoreStamp& stamp() const override { return stamp_; }
    Result<std::vector<StoredBinding>> entries(const std::string& after,
                                               std::size_t limit) override {
        auto rows =
            connection_.prepare("SELECT name FROM addresses WHERE name > ? ORDER BY name LIMIT ?");
        if (!rows) return rows.error();
        rows->bind(after).bind(static_cast<std::int64_t>(limit));
        auto names = read_names(*rows);
        if (!names) return names.error();
        std::vector<StoredBinding> found;
        for (auto& name : *names) {
            auto binding = read_binding(connection_, name);
            if (!binding) return binding.error();
            found.push_back({std::move(name), std::move(*binding)});
        }
        return found;
    }
    Result<std::vector<StoredLogRow>> log(std::int64_t after, std::size_t limit) override {
        return read_rows(connection_, after, static_cast<std::int64_t>(limit));
    }

private:
    SqliteConnection connection_;
    StoreStamp stamp_;
};

class SqliteStore : public Store {
public:
    SqliteStore(std::string path, OpenedStore opened)
        : path_(std::move(path)),
          lock_(std::move(opened.lock)),
          connection_(std::move(opened.connection)) {}
    ~SqliteStore() override {
        // What fails here leaves the mark of an unclean stop: the next start checks the file.
        (void)mark_clean(connection_, true);
    }

    Result<std::unique_ptr<StoreReader>> open_reader() override {
        return SqliteReader::open(path_);
    }
    Result<std::unique_ptr<StoreSnapshot>> snapshot() override {
        return SqliteSnapshot::open(path_);
    }

    Result<StoreStamp> stamp() override {
        const std::lock_guard guard{mutex_};
        return read_stamp(connection_);
    }
    Result<FoundEntries> find(std::span<const EntryName> names) override {
        const std::lock_guard guard{mutex_};  // nobody else writes: this is one snapshot
        return find_entries(connection_, names);
    }
    Result<Binding> binding(const EntryName& name) override {
        const std::lock_guard guard{mutex_};
        return read_binding(connection_, name);
    }
    Result<Applied> apply(std::span<const Change> changes) override;
    Result<std::vector<ListedEntry>> list(const std::string& after, std::size_t limit,
                                          Listed which) override;
    Result<std::vector<EntryName>> aliases_of(const EntryName& target, std::size_t limit) override;
    Result<std::vector<EntryName>> stale(std::int64_t now, std::size_t limit) override;
    Result<void> refresh(const EntryName& name, std::int64_t version,
                         const CompiledAnswer& answer) override;
    Result<std::vector<LoggedChange>> log(std::int64_t after, std::size_t limit,
                                          const std::optional<EntryName>& name) override {
        const std::lock_guard guard{mutex_};
        return read_log(connection_, after, limit, name);
    }
    Result<LogPosition> verify_log() override;
    Result<std::int64_t> erase_openings(const EntryName& name) override;
    Result<std::int64_t> count_expiring(std::int64_t now, std::int64_t until) override;

private:
    std::string path_;
    Fd lock_;
    std::mutex mutex_;
    SqliteConnection connection_;
};

Result<Applied> SqliteStore::apply(std::span<const Change> changes) {
    const std::lock_guard guard{mutex_};
    auto transaction = Transaction::begin(connection_);
    if (!transaction) return transaction.error();
    auto stamp = read_stamp(connection_);
    if (!stamp) return stamp.error();
    std::int64_t added = 0;
    const std::int64_t judged_by = stamp->revision;
    for (const auto& change : changes) {
        if (change.revision.value_or(judged_by) != judged_by) return Applied::conflict;
        ++stamp->revision;
        auto difference = write_change(connection_, change, stamp->revision);
        if (!difference) return difference.error();
        if (!*difference) return Applied::conflict;
        added += **difference;
        auto end = append_log(connection_, stamp->log, change);
        if (!end) return end.error();
        stamp->log = std::move(*end);
    }
    if (auto done = write_stamp(connection_, *stamp, added); !done) return done.error();
    if (auto done = transaction->commit(); !done) return done.error();
    return Applied::done;
}

Result<std::vector<ListedEntry>> SqliteStore::list(const std::string& after, std::size_t limit,
                                                   Listed which) {
    const std::lock_guard guard{mutex_};
    const std::string aliases = which == Listed::aliases ? "AND targets <> '' " : "";
    auto rows = connection_.prepare(
        "SELECT name, state, expires, valid_until, targets FROM addresses WHERE name > ? " +
        aliases + "ORDER BY name LIMIT ?");
    if (!rows) return rows.error();
    rows->bind(after).bind(static_cast<std::int64_t>(limit));
    std::vector<ListedEntry> listed;
    for (;;) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) return listed;
        auto name = EntryName::parse(rows->text(0));
        const auto state = parse_key_state(rows->text(1));
        auto targets = parse_targets(rows->text(4));
        if (!name || !state) return retry("store: an entry is damaged");
        if (!targets) return targets.error();
        listed.push_back(
            {std::move(*name), *state, rows->integer(2), rows->integer(3), std::move(*targets)});
    }
}

Result<std::vector<EntryName>> SqliteStore::aliases_of(const EntryName& target, std::size_t limit) {
    const std::lock_guard guard{mutex_};
    auto rows = connection_.prepare(
        "SELECT name FROM addresses WHERE targets <> '' "
        "AND instr(char(10) || targets || char(10), char(10) || ? || char(10)) > 0 "
        "ORDER BY name LIMIT ?");
    if (!rows) return rows.error();
    rows->bind(target.text()).bind(static_cast<std::int64_t>(limit));
    return read_names(*rows);
}

Result<std::vector<EntryName>> SqliteStore::stale(std::int64_t now, std::size_t limit) {
    const std::lock_guard guard{mutex_};
    auto rows = connection_.prepare(
        "SELECT name FROM addresses WHERE valid_until <= ?1 "
        "AND valid_until < 9223372036854775807 ORDER BY valid_until LIMIT ?2");
    if (!rows) return rows.error();
    rows->bind(now).bind(static_cast<std::int64_t>(limit));
    return read_names(*rows);
}

Result<void> SqliteStore::refresh(const EntryName& name, std::int64_t version,
                                  const CompiledAnswer& answer) {
    const std::lock_guard guard{mutex_};
    auto transaction = Transaction::begin(connection_);
    if (!transaction) return transaction.error();
    auto binding = read_binding(connection_, name);
    if (!binding) return binding.error();
    if (binding->version != version) return {};
    if (auto done = write_answer(connection_, name, version, answer); !done) return done;
    return transaction->commit();
}

Result<LogPosition> SqliteStore::verify_log() {
    const std::lock_guard guard{mutex_};
    auto stamp = read_stamp(connection_);
    if (!stamp) return stamp.error();
    if (auto verified = verify_chain(connection_, *stamp); !verified) return verified.error();
    return stamp->log;
}

Result<std::int64_t> SqliteStore::erase_openings(const EntryName& name) {
    const std::lock_guard guard{mutex_};
    return maildircrypt::erase_openings(connection_, name);
}

/// The index of what the clock will change is enough: a key that is going to expire is such a
/// change.
Result<std::int64_t> SqliteStore::count_expiring(std::int64_t now, std::int64_t until) {
    const std::lock_guard guard{mutex_};
    auto count = connection_.prepare(
        "SELECT count(*) FROM addresses WHERE valid_until <= ?2 "
        "AND valid_until < 9223372036854775807 AND expires > ?1 AND expires <= ?2");
    if (!count) return count.error();
    count->bind(now).bind(until);
    auto row = count->step();
    if (!row) return row.error();
    return count->integer(0);
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path) {
    auto opened = open_for_writing(path);
    if (!opened) return opened.error();
    return std::unique_ptr<Store>{std::make_unique<SqliteStore>(path, std::move(*opened))};
}

}  // namespace maildircrypt
