#include "keyd/postgresql_open.hpp"

#include "keyd/encoding.hpp"
#include "keyd/postgresql_changes.hpp"
#include "keyd/postgresql_log.hpp"
#include "keyd/postgresql_renaming.hpp"
#include "keyd/postgresql_schema.hpp"

namespace maildircrypt {
namespace {

/// Counting a million addresses, building an index.
constexpr PostgresqlPatience start_patience{std::chrono::seconds{10}, std::chrono::minutes{10}};

Result<std::int64_t> schema_version(PostgresqlConnection& connection) {
    auto table = connection.query("open", "SELECT to_regclass('maildircrypt.store')::text");
    if (!table) return table.error();
    if (table->is_null(0, 0))
        return refuse(
            "store: this database has no store of keyd: `keyd init --store postgresql:...` creates "
            "a new one (without any key)");
    auto row = connection.query("open", "SELECT schema_version FROM store");
    if (!row) return row.error();
    if (row->size() != 1) return refuse("store: its id is gone: restore a backup");
    return row->integer(0, 0);
}

Result<void> check_schema(std::int64_t found) {
    if (found <= postgresql_schema_version && found >= 1) return {};
    return refuse("store: the database has schema " + std::to_string(found) + "; this keyd knows " +
                  std::to_string(postgresql_schema_version) +
                  ": run the keyd that wrote it, or a newer one");
}

Result<bool> is_up_to_date(PostgresqlConnection& connection, std::int64_t version) {
    if (version < postgresql_schema_version) return false;
    auto other_names = has_other_names(connection);
    if (!other_names) return other_names.error();
    return !*other_names;
}

/// Others may have done it while we waited for the lock.
Result<void> migrate(PostgresqlConnection& connection) {
    auto transaction = PostgresqlTransaction::begin(connection);
    if (!transaction) return transaction.error();
    auto locked = connection.query("migrate", "SELECT pg_advisory_xact_lock($1)",
                                   SqlValues{}.add(postgresql_schema_lock));
    if (!locked) return locked.error();
    auto found = schema_version(connection);
    if (!found) return found.error();
    if (auto fits = check_schema(*found); !fits) return fits;
    for (auto i = static_cast<std::size_t>(*found); i < postgresql_schemas.size(); ++i)
        if (auto done = connection.execute("migrate", postgresql_schemas.at(i)); !done) return done;
    auto noted = connection.query("migrate", "UPDATE store SET schema_version = $1",
                                  SqlValues{}.add(postgresql_schema_version));
    if (!noted) return noted.error();
    // Who changes entries waits, too.
    if (auto stamp = lock_stamp(connection); !stamp) return stamp.error();
    auto other_names = has_other_names(connection);
    if (!other_names) return other_names.error();
    if (*other_names)
        if (auto done = rename_entries(connection); !done) return done;
    return transaction->commit();
}

/// An emptied table must not turn into "no key".
Result<void> check_count(PostgresqlConnection& connection) {
    auto row = connection.query(
        "open", "SELECT (SELECT count(*) FROM addresses), (SELECT addresses FROM store)");
    if (!row) return row.error();
    if (row->integer(0, 0) == row->integer(0, 1)) return {};
    return refuse("store: the database has " + std::to_string(row->integer(0, 0)) +
                  " addresses, but " + std::to_string(row->integer(0, 1)) +
                  " were stored: restore a backup");
}

Result<StoreStamp> check_contents(PostgresqlConnection& connection) {
    auto transaction = PostgresqlTransaction::begin(connection, read_one_state);
    if (!transaction) return transaction.error();
    auto stamp = read_stamp(connection);
    if (!stamp) return stamp;
    if (auto checked = check_count(connection); !checked) return checked.error();
    // The last row alone; `keyd-cli log verify` follows the whole chain.
    const std::int64_t last = stamp->log.sequence > 0 ? stamp->log.sequence : 1;
    if (auto checked = verify_chain(connection, *stamp, last); !checked) return checked.error();
    return stamp;
}

/// The head of the key log as it was known must still be a row of it.
Result<void> check_continues(PostgresqlConnection& connection, const StoreStamp& known,
                             const StoreStamp& seen) {
    auto wrong = contradiction(known, seen);
    if (!wrong && known.log.sequence > 0) {
        auto row = connection.query("open", "SELECT hash FROM key_log WHERE sequence = $1",
                                    SqlValues{}.add(known.log.sequence));
        if (!row) return row.error();
        if (row->size() != 1 || hex_text(row->blob(0, 0)) != known.log.head)
            wrong = "a store with another history";
    }
    if (!wrong) return {};
    return refuse("store: PostgreSQL answers from " + *wrong +
                  " than before: bring the right one back, or check it, then restart keyd");
}

}  // namespace

Result<OpenedPostgresql> open_and_check(const std::string& conninfo) {
    auto connection = PostgresqlConnection::open(conninfo, start_patience);
    if (!connection) return connection.error();
    auto version = schema_version(*connection);
    if (!version) return version.error();
    if (auto fits = check_schema(*version); !fits) return fits.error();
    auto up_to_date = is_up_to_date(*connection, *version);
    if (!up_to_date) return up_to_date.error();
    if (!*up_to_date) {
        if (auto migrated = migrate(*connection); !migrated) return migrated.error();
    }
    auto stamp = check_contents(*connection);
    if (!stamp) return stamp.error();
    return OpenedPostgresql{std::move(*connection), std::move(*stamp)};
}

Result<OpenedPostgresql> open_again(const std::string& conninfo, const PostgresqlPatience& patience,
                                    const StoreStamp& known) {
    auto connection = PostgresqlConnection::open(conninfo, patience);
    if (!connection) return retry(connection.error().what);
    auto stamp = read_stamp(*connection);
    if (!stamp) return stamp.error();
    if (auto fits = check_continues(*connection, known, *stamp); !fits) return fits.error();
    return OpenedPostgresql{std::move(*connection), std::move(*stamp)};
}

}  // namespace maildircrypt
