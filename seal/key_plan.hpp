/// What keyd answers about an address: may it be sealed to, with which keys, and by which its mail
/// is recognised.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// Version 4 fingerprint, RFC 4880 §12.2. The key id is its last 8 octets.
using Fingerprint = std::array<std::uint8_t, 20>;

/// 40 upper-case hexadecimal digits.
std::string to_hex(const Fingerprint& fingerprint);

/// One encryption subkey (or primary key) that mail is sealed to.
struct EncryptionKey {
    Fingerprint fingerprint{};
    OctetString packet;  ///< body of the public-key packet, RFC 4880 §5.5.2, no packet header
    std::int64_t created = 0;  ///< seconds since 1970
    std::int64_t expires = 0;  ///< seconds since 1970; 0 is never
    bool seipd2 = false;  ///< the certificate's features announce SEIPD v2, RFC 9580 §5.2.3.32
};

/// Compiled by keyd at upload.
struct KeyPlan {
    std::vector<EncryptionKey> seal_to;
    /// Every encryption subkey that was ever active or pending for the address.
    std::vector<Fingerprint> recognise;
};

enum class KeyState {
    sealable,   ///< at least one unexpired, unrevoked key
    expired,    ///< keys exist, all have expired, none is revoked; the plan still names them
    revoked,    ///< all keys are revoked
    tombstone,  ///< the address had a key and was not released by `remove`
    no_key,     ///< never a key, said by a healthy store
};

/// One token ("no-key"), for provenance fields and logs.
std::string_view token_of(KeyState state);

/// Where the key log stood when an answer was given; goes into the provenance field.
struct LogPosition {
    std::int64_t sequence = 0;
    std::string head;  ///< lower-case hexadecimal
};

/// An answer about one address. seal_to is empty unless state is sealable or expired.
struct RecipientKeys {
    KeyState state = KeyState::no_key;
    KeyPlan plan;
    LogPosition log;
};

}  // namespace maildircrypt
