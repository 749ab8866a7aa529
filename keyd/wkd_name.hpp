/// Under which name a Web Key Directory keeps an address's certificate.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace maildircrypt {

inline constexpr std::size_t wkd_name_length = 32;  ///< characters

/// z-base-32 of SHA-1 of the local part with ASCII letters in lower case
/// (draft-koch-openpgp-webkey-service §3.1). Fails (retry) when OpenSSL does.
Result<std::string> wkd_name(std::string_view local_part);

}  // namespace maildircrypt
