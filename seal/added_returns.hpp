/// Input whose lines end in LF, encrypted with CRLF: step 1 of seal/FORMAT.
#pragma once

#include "base/result.hpp"
#include "seal/encryptor.hpp"

#include <string_view>

namespace maildircrypt {

/// Writes `text` with a CR before every LF, in pieces large enough to encrypt. What it holds
/// meanwhile is wiped.
Result<void> write_with_returns(std::string_view text, Encryptor& encryptor);

}  // namespace maildircrypt
