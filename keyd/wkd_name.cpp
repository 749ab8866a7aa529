#include "keyd/wkd_name.hpp"

#include "base/bytes.hpp"
#include "seal/ascii.hpp"

#include <array>
#include <cstdint>

#include <openssl/evp.h>

namespace maildircrypt {
namespace {

constexpr std::string_view letters = "ybndrfg8ejkmcpqxot1uwisza345h769";

/// 160 bits are 32 letters of 5 bits, without a rest.
std::string z_base_32(const std::array<std::uint8_t, 20>& octets) {
    std::string text;
    unsigned int bits = 0;
    unsigned int held = 0;
    for (const std::uint8_t octet : octets) {
        bits = bits << 8U | octet;
        for (held += 8; held >= 5; held -= 5) text += letters[bits >> (held - 5) & 31U];
    }
    return text;
}

}  // namespace

Result<std::string> wkd_name(std::string_view local_part) {
    const std::string folded = fold_ascii(local_part);
    const Octets octets = as_octets(folded);
    std::array<std::uint8_t, 20> hash{};
    if (EVP_Digest(octets.data(), octets.size(), hash.data(), nullptr, EVP_sha1(), nullptr) != 1)
        return retry("SHA-1 failed");
    return z_base_32(hash);
}

}  // namespace maildircrypt
