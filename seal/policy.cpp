#include "seal/policy.hpp"

#include "seal/ascii.hpp"

#include <algorithm>

namespace maildircrypt {

namespace {

/// A domain with letters beyond ASCII has several spellings (U-label, A-label, either case), and
/// only keyd knows which are the same.
bool is_international(std::string_view domain) {
    return !is_ascii(domain) || domain.starts_with("xn--") || domain.find(".xn--") != domain.npos;
}

}  // namespace

bool covers(const PolicyConfig& config, const Address& address) {
    if (config.domains.empty()) return true;
    const bool international = is_international(address.domain());
    return std::any_of(config.domains.begin(), config.domains.end(), [&](const auto& domain) {
        return domain == address.domain() || (international && is_international(domain));
    });
}

Treatment treat(const PolicyConfig& config, KeyState state) {
    switch (state) {
        case KeyState::sealable:
            return Treatment::seal;
        case KeyState::expired:
            return config.expired;
        case KeyState::revoked:
            return config.revoked;
        case KeyState::tombstone:
            return config.revoked;
        case KeyState::no_key:
            return config.no_key;
    }
    return Treatment::defer;
}

std::string_view explain(KeyState state) {
    switch (state) {
        case KeyState::sealable:
            return "the recipient has a usable key";
        case KeyState::expired:
            return "the recipient's encryption key has expired";
        case KeyState::revoked:
            return "the recipient's encryption key was revoked";
        case KeyState::tombstone:
            return "the recipient's encryption key is gone";
        case KeyState::no_key:
            return "the recipient has no encryption key";
    }
    return "the state of the recipient's keys is unknown";
}

}  // namespace maildircrypt
