/// Public-key encrypted session key packets, versions 3 (RFC 4880 §5.1) and 6 (RFC 9580 §5.1.2).
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "seal/crypto_context.hpp"
#include "seal/key_plan.hpp"
#include "seal/seipd.hpp"
#include "seal/session_key.hpp"

namespace maildircrypt {

/// Whether the packet names its key.
enum class KeyName { shown, hidden };

/// Appends the packet that goes in front of a container of `version`, header included. Fate refuse
/// when the key cannot be encrypted to (its text tells a user why), retry when OpenSSL or its
/// random generator fails, or when key.fingerprint is not that of key.packet.
Result<void> append_pkesk(const CryptoContext& context, const EncryptionKey& key,
                          const SessionKey& session_key, SeipdVersion version, KeyName name,
                          OctetString& packets);

}  // namespace maildircrypt
