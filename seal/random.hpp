/// Random octets that fail closed.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <span>

namespace maildircrypt {

/// Fills `octets` from OpenSSL's generator for secrets. On failure (retry) they are all zero and
/// must not be used. Thread-safe.
Result<void> fill_random(std::span<std::uint8_t> octets);

}  // namespace maildircrypt
