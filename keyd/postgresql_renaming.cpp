#include "keyd/postgresql_renaming.hpp"

#include "keyd/local_part.hpp"
#include "keyd/renaming.hpp"

namespace maildircrypt {
namespace {

constexpr std::string_view step = "rename";

Result<Renaming> plan(PostgresqlConnection& connection) {
    auto rows = connection.query(step,
                                 "SELECT number, name, targets FROM addresses WHERE "
                                 "char_length(name || targets) < octet_length(name || targets)");
    if (!rows) return rows.error();
    Renaming renaming;
    for (int i = 0; i < rows->size(); ++i)
        if (auto added = renaming.add(rows->integer(i, 0), rows->text(i, 1), rows->text(i, 2));
            !added)
            return added.error();
    return renaming;
}

Result<void> rename(PostgresqlConnection& connection, const RenamedEntry& entry) {
    // An entry that has this name has always been in today's form.
    auto other = connection.query(step, "SELECT 1 FROM addresses WHERE name = $1 AND number <> $2",
                                  SqlValues{}.add(entry.name.text()).add(entry.number));
    if (!other) return other.error();
    if (other->size() > 0) return same_address(entry.former, entry.name.text());
    auto done =
        connection.query(step, "UPDATE addresses SET name = $1, targets = $2 WHERE number = $3",
                         SqlValues{}.add(entry.name.text()).add(entry.targets).add(entry.number));
    if (!done) return done.error();
    return {};
}

Result<void> note_former_names(PostgresqlConnection& connection) {
    auto rows = connection.query(step,
                                 "SELECT address, keys FROM key_log_openings WHERE "
                                 "char_length(address || keys) < octet_length(address || keys)");
    if (!rows) return rows.error();
    FormerNames former;
    for (int i = 0; i < rows->size(); ++i) {
        former.add(rows->text(i, 0));
        former.add(rows->text(i, 1));
    }
    // A keyd that misses the rows of `changed` takes everything for changed.
    auto cleared = connection.execute(step, "DELETE FROM former_names; DELETE FROM changed");
    if (!cleared) return cleared;
    for (const auto& [was, is] : former.names()) {
        auto noted = connection.query(step, "INSERT INTO former_names VALUES ($1, $2)",
                                      SqlValues{}.add(was).add(is));
        if (!noted) return noted.error();
    }
    return {};
}

}  // namespace

Result<bool> has_other_names(PostgresqlConnection& connection) {
    auto row = connection.query("open", "SELECT folding FROM store");
    if (!row) return row.error();
    return row->size() != 1 || row->text(0, 0) != folding_rules();
}

Result<void> rename_entries(PostgresqlConnection& connection) {
    auto renaming = plan(connection);
    if (!renaming) return renaming.error();
    for (const RenamedEntry& entry : renaming->entries())
        if (auto done = rename(connection, entry); !done) return done;
    if (auto done = note_former_names(connection); !done) return done;
    auto noted =
        connection.query(step, "UPDATE store SET folding = $1", SqlValues{}.add(folding_rules()));
    if (!noted) return noted.error();
    return {};
}

}  // namespace maildircrypt
