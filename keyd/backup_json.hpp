/// Entries and rows of the key log as JSON, as they stand in backups (keyd/BACKUP).
#pragma once

#include "base/result.hpp"
#include "keyd/key_log.hpp"
#include "keyd/store.hpp"

#include <nlohmann/json.hpp>

namespace maildircrypt {

nlohmann::json write_entry(const StoredBinding& entry);
/// Takes nothing on trust that can be told from the octets: packets must be the certificates', and
/// have the fingerprints they are announced with. Errors are of fate refuse.
Result<StoredBinding> read_entry(const nlohmann::json& object);

nlohmann::json write_row(const StoredLogRow& row);
Result<StoredLogRow> read_row(const nlohmann::json& object);

}  // namespace maildircrypt
