/// The option --store: which store, and where.
#pragma once

#include "base/result.hpp"
#include "keyd/store.hpp"
#include "keyd/store_settings.hpp"

#include <memory>
#include <string>

namespace maildircrypt {

/// `sqlite:PATH`, PATH absolute or relative, or `postgresql:CONNINFO`, CONNINFO as libpq takes it:
/// `key=value ...` or a URI, which may also stand alone (`postgresql://...`). Errors (refuse) say
/// what would be right.
Result<std::string> init_store(const std::string& option);
/// When root is about to make a SQLite store in somebody else's directory: this process becomes the
/// directory's owner, for good, so that the store belongs to whom keyd runs as. Otherwise nothing.
/// Before any thread. Errors (retry): the directory is not there, or the system refuses.
Result<void> become_owner(const std::string& option);
Result<std::unique_ptr<Store>> open_store(const std::string& option,
                                          const StoreSettings& settings = {});

}  // namespace maildircrypt
