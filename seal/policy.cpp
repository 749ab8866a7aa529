#include "seal/policy.hpp"

#include <algorithm>

namespace maildircrypt {

bool covers(const PolicyConfig& config, const Address& address) {
    return config.domains.empty() || std::find(config.domains.begin(), config.domains.end(),
                                               address.domain()) != config.domains.end();
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
