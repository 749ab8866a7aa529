/// keyd-cli import: offers every certificate of a source for each of its addresses.
#pragma once

#include "keyd/http_client.hpp"

#include <string>
#include <vector>

namespace maildircrypt {

struct ImportOptions {
    bool dry_run = false;
    std::vector<std::string> domains;  ///< only addresses in these; empty: in all
};

/// Reports on standard output and standard error; returns the exit status.
int import_certificates(HttpClient& client, const std::string& path, const ImportOptions& options);

}  // namespace maildircrypt
