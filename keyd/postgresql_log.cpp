#include "keyd/postgresql_log.hpp"

#include "keyd/encoding.hpp"
#include "keyd/log_chain.hpp"

namespace maildircrypt {
namespace {

constexpr std::int64_t rows_at_a_time = 10'000;

StoredLogRow read_row(const SqlRows& rows, int i) {
    StoredLogRow stored{{rows.integer(i, 0), rows.integer(i, 1), std::string{rows.text(i, 2)},
                         std::string{rows.text(i, 3)}, read_hash(rows.blob(i, 4)),
                         read_hash(rows.blob(i, 5)), read_hash(rows.blob(i, 6))},
                        read_hash(rows.blob(i, 7)),
                        {}};
    if (!rows.is_null(i, 8))
        stored.openings = {{read_hash(rows.blob(i, 9)), std::string{rows.text(i, 8)}},
                           {read_hash(rows.blob(i, 11)), std::string{rows.text(i, 10)}}};
    return stored;
}

}  // namespace

Result<LogPosition> append_log(PostgresqlConnection& connection, const LogPosition& end,
                               const Change& change) {
    auto next = next_log_row(end, change);
    if (!next) return next.error();
    const LogRow& row = next->row;
    auto inserted =
        connection.query("write", "INSERT INTO key_log VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                         SqlValues{}
                             .add(row.sequence)
                             .add(row.time)
                             .add(row.channel)
                             .add(row.action)
                             .add_blob(row.address)
                             .add_blob(row.keys)
                             .add_blob(row.previous)
                             .add_blob(next->hash));
    if (!inserted) return inserted.error();
    const RowOpenings& openings = *next->openings;
    auto opened =
        connection.query("write", "INSERT INTO key_log_openings VALUES ($1, $2, $3, $4, $5)",
                         SqlValues{}
                             .add(row.sequence)
                             .add(openings.address.value)
                             .add_blob(openings.address.salt)
                             .add(openings.keys.value)
                             .add_blob(openings.keys.salt));
    if (!opened) return opened.error();
    return LogPosition{row.sequence, hex_text(next->hash)};
}

Result<std::vector<LoggedChange>> read_log(PostgresqlConnection& connection, std::int64_t after,
                                           std::size_t limit,
                                           const std::optional<EntryName>& name) {
    SqlValues values;
    values.add(after).add(static_cast<std::int64_t>(limit));
    if (name) values.add(name->text());
    auto rows = connection.query(
        "log",
        std::string{"SELECT l.sequence, l.time, l.channel, l.action, l.hash, o.address, o.keys "
                    "FROM key_log l LEFT JOIN key_log_openings o ON o.sequence = l.sequence "
                    "WHERE l.sequence > $1"} +
            (name ? " AND o.address IN (SELECT $3::text UNION ALL SELECT former FROM former_names "
                    "WHERE name = $3)"
                  : "") +
            " ORDER BY l.sequence LIMIT $2",
        values);
    if (!rows) return rows.error();
    std::vector<LoggedChange> changes;
    for (int i = 0; i < rows->size(); ++i) {
        LoggedChange change{rows->integer(i, 0),
                            rows->integer(i, 1),
                            std::string{rows->text(i, 2)},
                            std::string{rows->text(i, 3)},
                            hex_text(rows->blob(i, 4)),
                            {},
                            {}};
        if (!rows->is_null(i, 5)) {
            change.address = std::string{rows->text(i, 5)};
            change.keys = std::string{rows->text(i, 6)};
        }
        changes.push_back(std::move(change));
    }
    return changes;
}

Result<std::vector<StoredLogRow>> read_rows(PostgresqlConnection& connection, std::int64_t after,
                                            std::int64_t limit) {
    auto rows = connection.query(
        "log",
        "SELECT l.sequence, l.time, l.channel, l.action, l.address_commitment, l.keys_commitment, "
        "l.previous, l.hash, o.address, o.address_salt, o.keys, o.keys_salt "
        "FROM key_log l LEFT JOIN key_log_openings o ON o.sequence = l.sequence "
        "WHERE l.sequence > $1 ORDER BY l.sequence LIMIT $2",
        SqlValues{}.add(after).add(limit));
    if (!rows) return rows.error();
    std::vector<StoredLogRow> found;
    for (int i = 0; i < rows->size(); ++i) found.push_back(read_row(*rows, i));
    return found;
}

Result<void> verify_chain(PostgresqlConnection& connection, const StoreStamp& stamp,
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
