/// Random octets that fail closed.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <span>

namespace maildircrypt {

/// Fills `octets` from the kernel's generator, getrandom(2), which waits for its first seed. There
/// is no state of ours that a fork or a restored snapshot could repeat, and none to seed for each
/// thread or process. On failure (retry) `octets` are all zero and must not be used. Thread-safe.
/// Not from here: ephemeral keys of the Weierstrass curves and RSA's padding, which OpenSSL draws
/// from its own generator.
Result<void> fill_random(std::span<std::uint8_t> octets);

}  // namespace maildircrypt
