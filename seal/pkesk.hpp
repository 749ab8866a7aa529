/// Public-key encrypted session key packets, version 3 (RFC 4880 §5.1).
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "seal/crypto_context.hpp"
#include "seal/key_plan.hpp"
#include "seal/session_key.hpp"

namespace maildircrypt {

enum class KeyIdField { shown, zero };

/// Appends the packet, header included. Fate refuse when the key cannot be encrypted to (its text
/// tells a user why), retry when OpenSSL or its random generator fails, or when key.fingerprint is
/// not that of key.packet.
Result<void> append_pkesk(const CryptoContext& context, const EncryptionKey& key,
                          const SessionKey& session_key, KeyIdField key_id, OctetString& packets);

}  // namespace maildircrypt
