/// MIME boundaries that no body holds: `=_`, which base64 lacks, and 128 random bits.
#pragma once

#include "base/result.hpp"

#include <string>

namespace maildircrypt {

/// 34 characters. Fails (retry) when the random generator does.
Result<std::string> make_boundary();

}  // namespace maildircrypt
