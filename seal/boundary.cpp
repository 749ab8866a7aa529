#include "seal/boundary.hpp"

#include <array>

#include <openssl/rand.h>

namespace maildircrypt {

Result<std::string> make_boundary() {
    std::array<unsigned char, 16> random;
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
        return retry("boundary: the random generator failed");
    static constexpr char digits[] = "0123456789abcdef";
    std::string boundary = "=_";
    for (const auto octet : random) boundary += {digits[octet >> 4], digits[octet & 15]};
    return boundary;
}

}  // namespace maildircrypt
