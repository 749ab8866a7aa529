/// The name of a new store.
#pragma once

#include "base/result.hpp"

#include <string>

namespace maildircrypt {

/// store_id_length random hexadecimal digits.
Result<std::string> new_store_id();

}  // namespace maildircrypt
