#include "seal/key_plan.hpp"

namespace maildircrypt {

std::string to_hex(const Fingerprint& fingerprint) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string text;
    text.reserve(2 * fingerprint.size());
    for (const auto octet : fingerprint) text += {digits[octet >> 4], digits[octet & 15]};
    return text;
}

}  // namespace maildircrypt
