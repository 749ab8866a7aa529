/// keyd-cli backup and restore.
#pragma once

#include "keyd/http_client.hpp"

#include <string>

namespace maildircrypt {

/// Report on standard output and standard error; return the exit status.
int back_up(HttpClient& client, const std::string& path);
/// Reads the whole file before keyd is asked for anything.
int restore_backup(HttpClient& client, const std::string& path, bool dry_run);

}  // namespace maildircrypt
