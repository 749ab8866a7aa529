/// How bindings are read from and written to the SQLite store's tables, inside the caller's
/// transaction.
#pragma once

#include "base/result.hpp"
#include "keyd/store.hpp"
#include "keyd/store_sqlite.hpp"

#include <optional>
#include <span>

namespace maildircrypt {

Result<StoreStamp> read_stamp(const SqliteConnection& connection);
/// Writes revision and log position. `added` is by how much the number of entries changed.
Result<void> write_stamp(const SqliteConnection& connection, const StoreStamp& stamp,
                         std::int64_t added);

Result<Binding> read_binding(const SqliteConnection& connection, const EntryName& name);

/// How many names one statement of find_entries() takes: a plain lookup needs no more.
inline constexpr std::size_t names_at_once = 4;
/// EntrySource::find(); the caller sees to it that more than names_at_once are one snapshot.
Result<FoundEntries> find_entries(const SqliteConnection& connection,
                                  std::span<const EntryName> names);

/// What a change did to the number of entries; none when the entry was not at the version.
using Difference = std::optional<std::int64_t>;
/// `revision` becomes the entry's version.
Result<Difference> write_change(const SqliteConnection& connection, const Change& change,
                                std::int64_t revision);
Result<void> write_answer(const SqliteConnection& connection, const EntryName& name,
                          std::int64_t version, const CompiledAnswer& answer);

}  // namespace maildircrypt
