/// The key log's rows in the PostgreSQL store.
#pragma once

#include "base/result.hpp"
#include "keyd/postgresql_connection.hpp"
#include "keyd/store.hpp"

#include <optional>
#include <vector>

namespace maildircrypt {

/// Appends a row for `change` behind `end`, inside the caller's transaction, which holds
/// lock_stamp(); returns the new end.
Result<LogPosition> append_log(PostgresqlConnection& connection, const LogPosition& end,
                               const Change& change);

Result<std::vector<LoggedChange>> read_log(PostgresqlConnection& connection, std::int64_t after,
                                           std::size_t limit, const std::optional<EntryName>& name);

/// Whole rows behind `after`, at most `limit`.
Result<std::vector<StoredLogRow>> read_rows(PostgresqlConnection& connection, std::int64_t after,
                                            std::int64_t limit);

/// Follows the chain of `stamp`'s store from row 1, or from row `from`, to its head; inside a
/// transaction that reads one state.
Result<void> verify_chain(PostgresqlConnection& connection, const StoreStamp& stamp,
                          std::int64_t from = 1);

}  // namespace maildircrypt
