#include "keyd/postgresql_store.hpp"

#include "keyd/alias_targets.hpp"
#include "keyd/postgresql_changes.hpp"
#include "keyd/postgresql_log.hpp"
#include "keyd/postgresql_open.hpp"
#include "keyd/postgresql_reader.hpp"

#include <mutex>
#include <optional>

namespace maildircrypt {
namespace {

/// For what is no lookup: it may wait for other writers and for disks.
constexpr PostgresqlPatience writer_patience{std::chrono::seconds{5}, std::chrono::seconds{20}};

Result<std::vector<EntryName>> read_names(const SqlRows& rows) {
    std::vector<EntryName> names;
    for (int i = 0; i < rows.size(); ++i) {
        auto name = EntryName::parse(rows.text(i, 0));
        if (!name) return retry("store: a name is damaged");
        names.push_back(std::move(*name));
    }
    return names;
}

Result<std::vector<ListedEntry>> read_list(const SqlRows& rows) {
    std::vector<ListedEntry> listed;
    for (int i = 0; i < rows.size(); ++i) {
        auto name = EntryName::parse(rows.text(i, 0));
        const auto state = parse_key_state(rows.text(i, 1));
        auto targets = parse_targets(rows.text(i, 4));
        if (!name || !state) return retry("store: an entry is damaged");
        if (!targets) return targets.error();
        listed.push_back({std::move(*name), *state, rows.integer(i, 2), rows.integer(i, 3),
                          std::move(*targets)});
    }
    return listed;
}

class PostgresqlSnapshot : public StoreSnapshot {
public:
    /// The transaction ends with the connection.
    static Result<std::unique_ptr<StoreSnapshot>> begin(PostgresqlConnection connection) {
        const std::string mode = read_one_state;
        if (auto begun = connection.execute("begin", "BEGIN " + mode); !begun) return begun.error();
        auto stamp = read_stamp(connection);  // this is the moment
        if (!stamp) return stamp.error();
        return std::unique_ptr<StoreSnapshot>{
            std::make_unique<PostgresqlSnapshot>(std::move(connection), std::move(*stamp))};
    }
    PostgresqlSnapshot(PostgresqlConnection connection, StoreStamp stamp)
        : connection_(std::move(connection)), stamp_(std::move(stamp)) {}

    const StoreStamp& stamp() const override { return stamp_; }
    Result<std::vector<StoredBinding>> entries(const std::string& after,
                                               std::size_t limit) override {
        auto rows = connection_.query(
            "snapshot", "SELECT name FROM addresses WHERE name > $1 ORDER BY name LIMIT $2",
            SqlValues{}.add(after).add(static_cast<std::int64_t>(limit)));
        if (!rows) return rows.error();
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
    PostgresqlConnection connection_;
    StoreStamp stamp_;
};

class PostgresqlStore : public Store {
public:
    PostgresqlStore(std::string conninfo, const StoreSettings& settings, OpenedPostgresql opened)
        : conninfo_(std::move(conninfo)),
          settings_(settings),
          history_(std::make_shared<KnownHistory>(std::move(opened.stamp))) {}

    Result<std::unique_ptr<StoreReader>> open_reader() override {
        return PostgresqlReader::open(conninfo_, settings_, history_);
    }
    Result<std::unique_ptr<StoreSnapshot>> snapshot() override {
        auto opened = open_again(conninfo_, writer_patience, history_->newest());
        if (!opened) return retry(opened.error().what);
        return PostgresqlSnapshot::begin(std::move(opened->connection));
    }
    Result<StoreStamp> stamp() override {
        return with([](PostgresqlConnection& connection) { return read_stamp(connection); });
    }
    Result<FoundEntries> find(std::span<const EntryName> names) override {
        return with(
            [names](PostgresqlConnection& connection) { return find_entries(connection, names); });
    }
    Result<Binding> binding(const EntryName& name) override {
        return in_one_state<Binding>(
            [&name](PostgresqlConnection& connection) { return read_binding(connection, name); });
    }
    Result<Applied> apply(std::span<const Change> changes) override {
        return with([this, changes](PostgresqlConnection& connection) {
            return apply_on(connection, changes);
        });
    }
    Result<std::vector<ListedEntry>> list(const std::string& after, std::size_t limit,
                                          Listed which) override;
    Result<std::vector<EntryName>> aliases_of(const EntryName& target, std::size_t limit) override;
    Result<std::vector<EntryName>> stale(std::int64_t now, std::size_t limit) override;
    Result<void> refresh(const EntryName& name, std::int64_t version,
                         const CompiledAnswer& answer) override;
    Result<std::vector<LoggedChange>> log(std::int64_t after, std::size_t limit,
                                          const std::optional<EntryName>& name) override {
        return with([&](PostgresqlConnection& connection) {
            return read_log(connection, after, limit, name);
        });
    }
    Result<LogPosition> verify_log() override;
    Result<std::int64_t> erase_openings(const EntryName& name) override;
    Result<std::int64_t> count_expiring(std::int64_t now, std::int64_t until) override;

private:
    /// Calls with a connection to the store that was opened at first, or says why there is none.
    template <class Call>
    auto with(Call call) -> decltype(call(std::declval<PostgresqlConnection&>())) {
        const std::lock_guard guard{mutex_};
        if (!connection_ || !connection_->usable()) {
            connection_.reset();
            auto opened = open_again(conninfo_, writer_patience, history_->newest());
            if (!opened) return retry(opened.error().what);
            history_->note(opened->stamp);
            connection_ = std::move(opened->connection);
        }
        return call(*connection_);
    }
    template <class Value, class Call>
    Result<Value> in_one_state(Call call) {
        return with([&call](PostgresqlConnection& connection) -> Result<Value> {
            auto transaction = PostgresqlTransaction::begin(connection, read_one_state);
            if (!transaction) return transaction.error();
            return call(connection);
        });
    }
    Result<Applied> apply_on(PostgresqlConnection& connection, std::span<const Change> changes);

    const std::string conninfo_;
    const StoreSettings settings_;
    const std::shared_ptr<KnownHistory> history_;
    std::mutex mutex_;
    std::optional<PostgresqlConnection> connection_;
};

Result<Applied> PostgresqlStore::apply_on(PostgresqlConnection& connection,
                                          std::span<const Change> changes) {
    auto transaction = PostgresqlTransaction::begin(connection);
    if (!transaction) return transaction.error();
    auto stamp = lock_stamp(connection);
    if (!stamp) return stamp.error();
    if (const auto wrong = contradiction(history_->newest(), *stamp))
        return retry("store: PostgreSQL answers from " + *wrong + " than before");
    const std::int64_t judged_by = stamp->revision;
    std::int64_t added = 0;
    for (const auto& change : changes) {
        if (change.revision.value_or(judged_by) != judged_by) return Applied::conflict;
        ++stamp->revision;
        auto difference = write_change(connection, change, stamp->revision);
        if (!difference) return difference.error();
        if (!*difference) return Applied::conflict;
        added += **difference;
        auto end = append_log(connection, stamp->log, change);
        if (!end) return end.error();
        stamp->log = std::move(*end);
    }
    if (auto done = write_stamp(connection, *stamp, added); !done) return done.error();
    if (auto done = transaction->commit(); !done)
        return retry(done.error().what + " (whether the change was made is not known: look)");
    history_->note(*stamp);
    return Applied::done;
}

Result<std::vector<ListedEntry>> PostgresqlStore::list(const std::string& after, std::size_t limit,
                                                       Listed which) {
    const std::string aliases = which == Listed::aliases ? "AND targets <> '' " : "";
    return with([&](PostgresqlConnection& connection) -> Result<std::vector<ListedEntry>> {
        auto rows =
            connection.query("list",
                             "SELECT name, state, expires, valid_until, targets FROM addresses "
                             "WHERE name > $1 " +
                                 aliases + "ORDER BY name LIMIT $2",
                             SqlValues{}.add(after).add(static_cast<std::int64_t>(limit)));
        if (!rows) return rows.error();
        return read_list(*rows);
    });
}

Result<std::vector<EntryName>> PostgresqlStore::aliases_of(const EntryName& target,
                                                           std::size_t limit) {
    return with([&](PostgresqlConnection& connection) -> Result<std::vector<EntryName>> {
        auto rows = connection.query(
            "list",
            "SELECT name FROM addresses WHERE targets <> '' "
            "AND position(chr(10) || $1 || chr(10) IN chr(10) || targets || chr(10)) > 0 "
            "ORDER BY name LIMIT $2",
            SqlValues{}.add(target.text()).add(static_cast<std::int64_t>(limit)));
        if (!rows) return rows.error();
        return read_names(*rows);
    });
}

Result<std::vector<EntryName>> PostgresqlStore::stale(std::int64_t now, std::size_t limit) {
    return with([&](PostgresqlConnection& connection) -> Result<std::vector<EntryName>> {
        auto rows =
            connection.query("stale",
                             "SELECT name FROM addresses WHERE valid_until <= $1 "
                             "AND valid_until < 9223372036854775807 ORDER BY valid_until LIMIT $2",
                             SqlValues{}.add(now).add(static_cast<std::int64_t>(limit)));
        if (!rows) return rows.error();
        return read_names(*rows);
    });
}

Result<void> PostgresqlStore::refresh(const EntryName& name, std::int64_t version,
                                      const CompiledAnswer& answer) {
    return with([&](PostgresqlConnection& connection) -> Result<void> {
        auto transaction = PostgresqlTransaction::begin(connection);
        if (!transaction) return transaction.error();
        if (auto locked = lock_stamp(connection); !locked) return locked.error();
        auto binding = read_binding(connection, name);
        if (!binding) return binding.error();
        if (binding->version != version) return {};
        if (auto done = write_answer(connection, name, version, answer); !done) return done;
        return transaction->commit();
    });
}

Result<LogPosition> PostgresqlStore::verify_log() {
    return in_one_state<LogPosition>([](PostgresqlConnection& connection) -> Result<LogPosition> {
        auto stamp = read_stamp(connection);
        if (!stamp) return stamp.error();
        if (auto verified = verify_chain(connection, *stamp); !verified) return verified.error();
        return stamp->log;
    });
}

/// PostgreSQL overwrites what was deleted when it vacuums.
Result<std::int64_t> PostgresqlStore::erase_openings(const EntryName& name) {
    return with([&](PostgresqlConnection& connection) -> Result<std::int64_t> {
        auto rows = connection.query(
            "erase",
            "WITH names (name) AS (SELECT $1::text UNION SELECT former FROM former_names "
            "WHERE name = $1::text), "
            "erased AS (DELETE FROM key_log_openings WHERE EXISTS (SELECT 1 FROM names n "
            "WHERE address = n.name OR "
            "strpos(E'\\n' || keys || E'\\n', E'\\n' || n.name || E'\\n') > 0) RETURNING 1), "
            "forgotten AS (DELETE FROM former_names WHERE name = $1::text) "
            "SELECT count(*) FROM erased",
            SqlValues{}.add(name.text()));
        if (!rows) return rows.error();
        // A keyd that misses a row here takes everything for changed.
        auto forgotten = connection.query("erase", "DELETE FROM changed WHERE address = $1",
                                          SqlValues{}.add(name.text()));
        if (!forgotten) return forgotten.error();
        return rows->integer(0, 0);
    });
}

Result<std::int64_t> PostgresqlStore::count_expiring(std::int64_t now, std::int64_t until) {
    return with([&](PostgresqlConnection& connection) -> Result<std::int64_t> {
        auto rows = connection.query(
            "expiring",
            "SELECT count(*) FROM addresses WHERE valid_until <= $2 "
            "AND valid_until < 9223372036854775807 AND expires > $1 AND expires <= $2",
            SqlValues{}.add(now).add(until));
        if (!rows) return rows.error();
        return rows->integer(0, 0);
    });
}

}  // namespace

Result<std::unique_ptr<Store>> open_postgresql_store(const std::string& conninfo,
                                                     const StoreSettings& settings) {
    auto opened = open_and_check(conninfo);
    if (!opened) return opened.error();
    return std::unique_ptr<Store>{
        std::make_unique<PostgresqlStore>(conninfo, settings, std::move(*opened))};
}

}  // namespace maildircrypt
