#include "seal/random.hpp"

#include "seal/openssl_error.hpp"

#include <openssl/rand.h>
#include <string.h>

namespace maildircrypt {

Result<void> fill_random(std::span<std::uint8_t> octets) {
    constexpr unsigned any_strength = 0;
    if (RAND_priv_bytes_ex(nullptr, octets.data(), octets.size(), any_strength) == 1) return {};
    explicit_bzero(octets.data(), octets.size());
    return openssl_error("random octets");
}

}  // namespace maildircrypt
