#include "keyd/sqlite_renaming.hpp"

#include "keyd/local_part.hpp"
#include "keyd/renaming.hpp"

namespace maildircrypt {
namespace {

/// Calls `take(row)` for each row.
template <class Take>
Result<void> for_each_row(const SqliteConnection& connection, std::string_view sql, Take take) {
    auto rows = connection.prepare(sql);
    if (!rows) return rows.error();
    for (;;) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) return {};
        if (auto taken = take(*rows); !taken) return taken;
    }
}

/// An entry that has this name; it has always been in today's form.
Result<void> check_is_free(const SqliteConnection& connection, const RenamedEntry& entry) {
    auto row = connection.prepare("SELECT 1 FROM addresses WHERE name = ? AND number <> ?");
    if (!row) return row.error();
    row->bind(entry.name.text()).bind(entry.number);
    auto found = row->step();
    if (!found) return found.error();
    return *found ? Result<void>{same_address(entry.former, entry.name.text())} : Result<void>{};
}

Result<void> rename(const SqliteConnection& connection, const RenamedEntry& entry) {
    if (auto free = check_is_free(connection, entry); !free) return free;
    auto row = connection.prepare("UPDATE addresses SET name = ?, targets = ? WHERE number = ?");
    if (!row) return row.error();
    row->bind(entry.name.text()).bind(entry.targets).bind(entry.number);
    return row->run();
}

Result<void> note_former_names(const SqliteConnection& connection) {
    FormerNames former;
    auto read = for_each_row(connection,
                             "SELECT address, keys FROM key_log_openings WHERE "
                             "length(address || keys) < length(CAST(address || keys AS BLOB))",
                             [&former](const Statement& row) -> Result<void> {
                                 former.add(row.text(0));
                                 former.add(row.text(1));
                                 return {};
                             });
    if (read) read = connection.execute("DELETE FROM former_names");
    if (!read) return read;
    for (const auto& [was, is] : former.names()) {
        auto row = connection.prepare("INSERT INTO former_names VALUES (?, ?)");
        if (!row) return row.error();
        row->bind(was).bind(is);
        if (auto done = row->run(); !done) return done;
    }
    return {};
}

}  // namespace

Result<bool> has_other_names(const SqliteConnection& connection) {
    auto rules = connection.value("SELECT folding FROM store WHERE one = 1");
    if (!rules) return rules.error();
    return *rules != folding_rules();
}

Result<void> rename_entries(const SqliteConnection& connection) {
    Renaming renaming;
    auto done = for_each_row(connection,
                             "SELECT number, name, targets FROM addresses WHERE "
                             "length(name || targets) < length(CAST(name || targets AS BLOB))",
                             [&renaming](const Statement& row) {
                                 return renaming.add(row.integer(0), row.text(1), row.text(2));
                             });
    if (!done) return done;
    for (const RenamedEntry& entry : renaming.entries())
        if (done = rename(connection, entry); !done) return done;
    if (done = note_former_names(connection); !done) return done;
    return connection.execute("UPDATE store SET folding = '" + folding_rules() + "'");
}

}  // namespace maildircrypt
