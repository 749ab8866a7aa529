#include "seal/boundary.hpp"

#include "seal/random.hpp"

#include <array>

namespace maildircrypt {

Result<std::string> make_boundary() {
    std::array<std::uint8_t, 16> random;
    if (auto filled = fill_random(random); !filled) return filled.error();
    static constexpr char digits[] = "0123456789abcdef";
    std::string boundary = "=_";
    for (const auto octet : random) boundary += {digits[octet >> 4], digits[octet & 15]};
    return boundary;
}

}  // namespace maildircrypt
