/// The key log's rows in the SQLite store.
#pragma once

#include "base/result.hpp"
#include "keyd/store.hpp"
#include "keyd/store_sqlite.hpp"

#include <optional>
#include <vector>

namespace maildircrypt {

/// Appends a row for `change` behind `end`, inside the caller's transaction; returns the new end.
Result<LogPosition> append_log(const SqliteConnection& connection, const LogPosition& end,
                               const Change& change);

Result<std::vector<LoggedChange>> read_log(const SqliteConnection& connection, std::int64_t after,
                                           std::size_t limit, const std::optional<EntryName>& name);

/// Erases the openings of the entry's rows from the file and its WAL; returns how many there were.
Result<std::int64_t> erase_openings(const SqliteConnection& connection, const EntryName& name);

/// Whole rows behind `after`, at most `limit`.
Result<std::vector<StoredLogRow>> read_rows(const SqliteConnection& connection, std::int64_t after,
                                            std::int64_t limit);

/// Follows the chain of `stamp`'s store from row 1, or from row `from`, to its head.
Result<void> verify_chain(const SqliteConnection& connection, const StoreStamp& stamp,
                          std::int64_t from = 1);

}  // namespace maildircrypt
