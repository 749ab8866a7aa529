/// How bindings are read from and written to the SQLite store's tables, inside the caller's
/// transaction.
#pragma once

#include "base/result.hpp"
#include "keyd/store.hpp"
#include "keyd/store_sqlite.hpp"

#include <optional>

namespace maildircrypt {

Result<StoreStamp> read_stamp(const SqliteConnection& connection);
/// Writes revision and log position. `added` is by how much the number of addresses changed.
Result<void> write_stamp(const SqliteConnection& connection, const StoreStamp& stamp,
                         std::int64_t added);

Result<Binding> read_binding(const SqliteConnection& connection, const Address& address);

/// What a change did to the number of addresses; none when the address was not at the version.
using Difference = std::optional<std::int64_t>;
/// `revision` becomes the address's version.
Result<Difference> write_change(const SqliteConnection& connection, const Change& change,
                                std::int64_t revision);
Result<void> write_answer(const SqliteConnection& connection, const Address& address,
                          std::int64_t version, const CompiledAnswer& answer);

}  // namespace maildircrypt
