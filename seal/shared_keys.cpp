#include "seal/shared_keys.hpp"

#include <algorithm>

namespace maildircrypt {

std::vector<EncryptionKey> keys_to_seal_to(std::span<const RecipientKeys> recipients) {
    std::vector<EncryptionKey> keys;
    for (const auto& recipient : recipients) {
        for (const auto& key : recipient.plan.seal_to) {
            const bool known = std::any_of(keys.begin(), keys.end(), [&](const EncryptionKey& k) {
                return k.fingerprint == key.fingerprint;
            });
            if (!known) keys.push_back(key);
        }
    }
    return keys;
}

std::vector<std::vector<Fingerprint>> recognised_keys(std::span<const RecipientKeys> recipients) {
    std::vector<std::vector<Fingerprint>> keys;
    for (const auto& recipient : recipients) keys.push_back(recipient.plan.recognise);
    return keys;
}

}  // namespace maildircrypt
