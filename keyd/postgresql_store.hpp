/// The store in a PostgreSQL database, which several keyd share.
#pragma once

#include "base/result.hpp"
#include "keyd/store.hpp"
#include "keyd/store_settings.hpp"

#include <memory>
#include <string>

namespace maildircrypt {

/// Creates the tables, in a SQL schema `maildircrypt` of the database, all or nothing; returns the
/// new store's id. Refuses when the schema is there, whatever it holds.
Result<std::string> init_postgresql_store(const std::string& conninfo);

/// Opens a store that init_postgresql_store() made; an older schema is brought up to date. Errors
/// say why it may not be used: never initialised, newer schema, emptied, key log cut, not reached.
/// Changes of several keyd wait for each other, at the row of the table `store`. Readers answer
/// from memory what another keyd's changes did not touch (keyd/postgresql_reader.hpp).
Result<std::unique_ptr<Store>> open_postgresql_store(const std::string& conninfo,
                                                     const StoreSettings& settings);

}  // namespace maildircrypt
