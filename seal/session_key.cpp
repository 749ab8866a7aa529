#include "seal/session_key.hpp"

#include "seal/random.hpp"

namespace maildircrypt {

Result<void> SessionKey::draw() {
    constexpr std::uint8_t aes256 = 9;  // RFC 4880 §9.2
    const auto framed = framed_.span();
    if (auto drawn = fill_random(framed.subspan(1, key_size)); !drawn) return drawn;
    unsigned checksum = 0;
    for (const std::uint8_t octet : key()) checksum += octet;
    framed[0] = aes256;
    framed[1 + key_size] = static_cast<std::uint8_t>(checksum >> 8U & 0xFFU);
    framed[2 + key_size] = static_cast<std::uint8_t>(checksum & 0xFFU);
    return {};
}

}  // namespace maildircrypt
