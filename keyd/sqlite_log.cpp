#include "keyd/sqlite_log.hpp"

#include "keyd/encoding.hpp"
#include "keyd/log_chain.hpp"

namespace maildircrypt {
namespace {

constexpr std::int64_t rows_at_a_time = 10'000;

/// What the log calls, or once called, the entry that is the third value.
constexpr std::string_view all_names_of_3 =
    "(SELECT ?3 UNION ALL SELECT former FROM former_names WHERE name = ?3)";

/// How many there were.
Result<std::int64_t> delete_rows(const SqliteConnection& connection, std::string_view sql,
                                 const EntryName& name) {
    auto rows = connection.prepare(sql);
    if (!rows) return rows.error();
    rows->bind(name.text());
    if (auto done = rows->run(); !done) return done.error();
    return sqlite3_changes(connection.get());
}

Result<void> insert_row(const SqliteConnection& connection, const LogRow& row, const Sha256& hash) {
    auto kept = connection.kept("INSERT INTO key_log VALUES (?,?,?,?,?,?,?,?)");
    if (!kept) return kept.error();
    Statement& statement = **kept;
    statement.bind(row.sequence).bind(row.time).bind(row.channel).bind(row.action);
    statement.bind_blob(row.address).bind_blob(row.keys).bind_blob(row.previous).bind_blob(hash);
    return statement.run();
}

Result<void> insert_openings(const SqliteConnection& connection, std::int64_t sequence,
                             const Opening& address, const Opening& keys) {
    auto kept = connection.kept("INSERT INTO key_log_openings VALUES (?,?,?,?,?)");
    if (!kept) return kept.error();
    Statement& statement = **kept;
    statement.bind(sequence).bind(address.value).bind_blob(address.salt);
    statement.bind(keys.value).bind_blob(keys.salt);
    return statement.run();
}

StoredLogRow read_row(const Statement& rows) {
    StoredLogRow stored{
        {rows.integer(0), rows.integer(1), std::string{rows.text(2)}, std::string{rows.text(3)},
         read_hash(rows.blob(4)), read_hash(rows.blob(5)), read_hash(rows.blob(6))},
        read_hash(rows.blob(7)),
        {}};
    if (!rows.is_null(8))
        stored.openings = {{read_hash(rows.blob(9)), std::string{rows.text(8)}},
                           {read_hash(rows.blob(11)), std::string{rows.text(10)}}};
    return stored;
}

}  // namespace

Result<LogPosition> append_log(const SqliteConnection& connection, const LogPosition& end,
                               const Change& change) {
    auto next = next_log_row(end, change);
    if (!next) return next.error();
    if (auto done = insert_row(connection, next->row, next->hash); !done) return done.error();
    const RowOpenings& openings = *next->openings;
    if (auto done =
            insert_openings(connection, next->row.sequence, openings.address, openings.keys);
        !done)
        return done.error();
    return LogPosition{next->row.sequence, hex_text(next->hash)};
}

Result<std::vector<LoggedChange>> read_log(const SqliteConnection& connection, std::int64_t after,
                                           std::size_t limit,
                                           const std::optional<EntryName>& name) {
    const std::string columns =
        "SELECT l.sequence, l.time, l.channel, l.action, l.hash, o.address, o.keys FROM ";
    const std::string sql =
        name ? columns +
                   "key_log_openings o JOIN key_log l ON l.sequence = o.sequence "
                   "WHERE l.sequence > ? AND o.address IN " +
                   std::string{all_names_of_3} + " ORDER BY l.sequence LIMIT ?2"
             : columns +
                   "key_log l LEFT JOIN key_log_openings o ON o.sequence = l.sequence "
                   "WHERE l.sequence > ? ORDER BY l.sequence LIMIT ?2";
    auto rows = connection.prepare(sql);
    if (!rows) return rows.error();
    rows->bind(after).bind(static_cast<std::int64_t>(limit));
    if (name) rows->bind(name->text());
    std::vector<LoggedChange> changes;
    for (;;) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) return changes;
        LoggedChange change{rows->integer(0),
                            rows->integer(1),
                            std::string{rows->text(2)},
                            std::string{rows->text(3)},
                            hex_text(rows->blob(4)),
                            {},
                            {}};
        if (!rows->is_null(5)) {
            change.address = std::string{rows->text(5)};
            change.keys = std::string{rows->text(6)};
        }
        changes.push_back(std::move(change));
    }
}

/// secure_delete overwrites what was deleted; the checkpoint empties the WAL, which has older
/// copies of the pages, as soon as no reader needs them.
Result<std::int64_t> erase_openings(const SqliteConnection& connection, const EntryName& name) {
    if (auto set = connection.set_pragma("secure_delete", "ON", "1"); !set) return set.error();
    // An alias's row names its targets.
    auto erased = delete_rows(
        connection,
        "WITH names (name) AS (SELECT ?1 UNION SELECT former FROM former_names WHERE name = ?1) "
        "DELETE FROM key_log_openings WHERE EXISTS (SELECT 1 FROM names n WHERE address = n.name "
        "OR instr(char(10) || keys || char(10), char(10) || n.name || char(10)) > 0)",
        name);
    if (!erased) return erased;
    auto forgotten = delete_rows(connection, "DELETE FROM former_names WHERE name = ?1", name);
    if (!forgotten) return forgotten;
    auto truncated = connection.value("PRAGMA wal_checkpoint(TRUNCATE)");
    if (!truncated) return truncated.error();
    return erased;
}

Result<std::vector<StoredLogRow>> read_rows(const SqliteConnection& connection, std::int64_t after,
                                            std::int64_t limit) {
    auto rows = connection.prepare(
        "SELECT l.sequence, l.time, l.channel, l.action, l.address_commitment, l.keys_commitment, "
        "l.previous, l.hash, o.address, o.address_salt, o.keys, o.keys_salt "
        "FROM key_log l LEFT JOIN key_log_openings o ON o.sequence = l.sequence "
        "WHERE l.sequence > ? ORDER BY l.sequence LIMIT ?");
    if (!rows) return rows.error();
    rows->bind(after).bind(limit);
    std::vector<StoredLogRow> found;
    for (;;) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) return found;
        found.push_back(read_row(*rows));
    }
}

Result<void> verify_chain(const SqliteConnection& connection, const StoreStamp& stamp,
                          std::int64_t from) {
    auto check = ChainCheck::begin(stamp.id, from);
    if (!check) return check.error();
    for (std::int64_t after = from - 1;; after += rows_at_a_time) {
        auto rows = read_rows(connection, after, rows_at_a_time);
        if (!rows) return rows.error();
        for (const auto& row : *rows)
            if (auto added = check->add(row); !added) return added;
        if (std::ssize(*rows) < rows_at_a_time) return check->finish(stamp.log);
    }
}

}  // namespace maildircrypt
