/// Opens the SQLite file, and says why it may not be used.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "keyd/store_sqlite.hpp"

#include <string>

namespace maildircrypt {

struct OpenedStore {
    Fd lock;  ///< held as long as the store is open; closed after the connection
    SqliteConnection connection;
};

/// All checks of open_sqlite_store(). Afterwards the file is marked as in use.
Result<OpenedStore> open_for_writing(const std::string& path);
/// A connection that cannot write and never checkpoints. `cache` in KiB.
Result<SqliteConnection> open_for_reading(const std::string& path, int cache);
/// Whether the last stop was a clean one: false while the store is open.
Result<void> mark_clean(const SqliteConnection& connection, bool clean);

}  // namespace maildircrypt
