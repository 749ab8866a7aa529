/// The option --store: which store, and where.
#pragma once

#include "base/result.hpp"
#include "keyd/store.hpp"

#include <memory>
#include <string>

namespace maildircrypt {

/// `sqlite:PATH`, PATH absolute or relative. Errors (refuse) say what would be right.
Result<std::string> init_store(const std::string& option);
Result<std::unique_ptr<Store>> open_store(const std::string& option);

}  // namespace maildircrypt
