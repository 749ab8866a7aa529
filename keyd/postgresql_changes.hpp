/// How bindings are read from and written to the PostgreSQL store's tables, inside the caller's
/// transaction.
#pragma once

#include "base/result.hpp"
#include "keyd/postgresql_connection.hpp"
#include "keyd/store.hpp"

#include <optional>

namespace maildircrypt {

Result<StoreStamp> read_stamp(PostgresqlConnection& connection);
/// The same; other writers wait until the transaction ends.
Result<StoreStamp> lock_stamp(PostgresqlConnection& connection);
/// Writes revision and log position. `added` is by how much the number of addresses changed.
Result<void> write_stamp(PostgresqlConnection& connection, const StoreStamp& stamp,
                         std::int64_t added);

/// One snapshot. Well-formed UTF-8 or not: a name that no text can hold has no entry.
Result<FoundEntries> find_entries(PostgresqlConnection& connection,
                                  std::span<const EntryName> names);
/// Inside a transaction that reads one state.
Result<Binding> read_binding(PostgresqlConnection& connection, const EntryName& name);

/// What a change did to the number of addresses; none when the address was not at the version.
using Difference = std::optional<std::int64_t>;
/// `revision` becomes the address's version.
Result<Difference> write_change(PostgresqlConnection& connection, const Change& change,
                                std::int64_t revision);
Result<void> write_answer(PostgresqlConnection& connection, const EntryName& name,
                          std::int64_t version, const CompiledAnswer& answer);

/// Which entries the changes behind `after`, up to `until`, were about; nothing when the store
/// does not remember all of them.
using ChangedAddresses = std::optional<std::vector<std::string>>;
Result<ChangedAddresses> read_changed(PostgresqlConnection& connection, std::int64_t after,
                                      std::int64_t until);

}  // namespace maildircrypt
