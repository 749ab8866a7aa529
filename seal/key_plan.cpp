#include "seal/key_plan.hpp"

namespace maildircrypt {

std::string to_hex(const Fingerprint& fingerprint) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string text;
    text.reserve(2 * fingerprint.size());
    for (const auto octet : fingerprint) text += {digits[octet >> 4], digits[octet & 15]};
    return text;
}

std::string_view token_of(KeyState state) {
    switch (state) {
        case KeyState::sealable:
            return "sealable";
        case KeyState::expired:
            return "expired";
        case KeyState::revoked:
            return "revoked";
        case KeyState::tombstone:
            return "tombstone";
        case KeyState::no_key:
            return "no-key";
    }
    return "unknown";
}

}  // namespace maildircrypt
