/// The store in one SQLite file, which one keyd owns.
#pragma once

#include "base/result.hpp"
#include "keyd/store.hpp"

#include <memory>
#include <string>

namespace maildircrypt {

/// Creates a store at `path`, with a random id and revision 0, and returns the id. Power-safe: the
/// file appears whole or not at all. Refuses when anything stands at `path` (or a WAL file of it).
Result<std::string> init_sqlite_store(const std::string& path);

/// Opens a store that init_sqlite_store() made. Errors say why it may not be used: missing or never
/// initialised, foreign, newer schema, used by another process, damaged (checked after an unclean
/// stop), emptied. One connection writes and checkpoints (SQLite before 3.51.3 must not have two of
/// that kind); readers have a connection that can only read, so that no lookup waits for a sync.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path);

}  // namespace maildircrypt
