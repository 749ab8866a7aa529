/// Brings the names in a PostgreSQL store under today's rules of folding.
#pragma once

#include "base/result.hpp"
#include "keyd/postgresql_connection.hpp"

namespace maildircrypt {

/// Whether the names are in another form than folding_rules() says.
Result<bool> has_other_names(PostgresqlConnection& connection);
/// Inside the caller's transaction, while nobody else writes. Errors as Renaming's.
Result<void> rename_entries(PostgresqlConnection& connection);

}  // namespace maildircrypt
