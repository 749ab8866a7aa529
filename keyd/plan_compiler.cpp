/// Compiles what mail for an address is sealed to, and by which keys it is recognised.

#include "keyd/certificate.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

using Choice = bool (*)(const EncryptionSubkey&, std::int64_t now);

bool is_usable(const EncryptionSubkey& subkey, std::int64_t now) {
    return !subkey.revoked && (subkey.key.expires == 0 || subkey.key.expires > now);
}

bool is_not_revoked(const EncryptionSubkey& subkey, std::int64_t) {
    return !subkey.revoked;
}

/// A subkey may stand below several primary keys: one PKESK is enough for it.
void add(std::vector<EncryptionKey>& keys, const EncryptionKey& key) {
    const auto same = [&](const EncryptionKey& other) {
        return other.fingerprint == key.fingerprint;
    };
    if (std::none_of(keys.begin(), keys.end(), same)) keys.push_back(key);
}

/// Of each certificate the newest chosen subkey, or all of them. Subkeys stand newest first.
std::vector<EncryptionKey> choose(std::span<const Certificate> certificates, std::int64_t now,
                                  bool all_subkeys, Choice choice) {
    std::vector<EncryptionKey> chosen;
    for (const Certificate& certificate : certificates) {
        for (const EncryptionSubkey& subkey : certificate.encryption_keys) {
            if (certificate.revoked || !choice(subkey, now)) continue;
            add(chosen, subkey.key);
            if (!all_subkeys) break;
        }
    }
    return chosen;
}

}  // namespace

RecipientKeys compile_plan(std::span<const Certificate> certificates, std::int64_t now,
                           bool all_subkeys) {
    RecipientKeys keys;
    if (certificates.empty()) return keys;
    for (const Certificate& certificate : certificates)
        for (const EncryptionSubkey& subkey : certificate.encryption_keys)
            keys.plan.recognise.push_back(subkey.key.fingerprint);
    keys.state = KeyState::sealable;
    keys.plan.seal_to = choose(certificates, now, all_subkeys, is_usable);
    if (!keys.plan.seal_to.empty()) return keys;
    keys.state = KeyState::expired;
    keys.plan.seal_to = choose(certificates, now, all_subkeys, is_not_revoked);
    if (keys.plan.seal_to.empty()) keys.state = KeyState::revoked;
    return keys;
}

}  // namespace maildircrypt
