/// Opens a connection to a PostgreSQL store, and says why it may not be used.
#pragma once

#include "base/result.hpp"
#include "keyd/known_history.hpp"
#include "keyd/postgresql_connection.hpp"

#include <string>

namespace maildircrypt {

struct OpenedPostgresql {
    PostgresqlConnection connection;
    StoreStamp stamp;
};

/// For keyd's start: refuses what was never initialised, a newer schema, and a store that was
/// emptied or whose key log was cut. An older schema is brought up to date, by one keyd at a time,
/// all or nothing.
Result<OpenedPostgresql> open_and_check(const std::string& conninfo);

/// For every later connection: refuses (fate refuse) a store that does not continue what `known`
/// says: another id, an older revision, a key log that lacks the row that was its head then (a
/// replica that was promoted too early, and changed since). All other errors are of fate retry.
Result<OpenedPostgresql> open_again(const std::string& conninfo, const PostgresqlPatience& patience,
                                    const StoreStamp& known);

}  // namespace maildircrypt
