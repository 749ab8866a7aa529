/// Brings the names in a SQLite store under today's rules of folding.
#pragma once

#include "base/result.hpp"
#include "keyd/store_sqlite.hpp"

namespace maildircrypt {

/// Whether the names are in another form than folding_rules() says.
Result<bool> has_other_names(const SqliteConnection& connection);
/// Inside the caller's transaction. Errors as Renaming's.
Result<void> rename_entries(const SqliteConnection& connection);

}  // namespace maildircrypt
