/// ECDH encryption of a session key, RFC 6637.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "seal/crypto_context.hpp"
#include "seal/key_plan.hpp"
#include "seal/public_key_packet.hpp"

#include <span>

namespace maildircrypt {

/// Longest session key with its framing that encrypt_ecdh() takes.
inline constexpr std::size_t ecdh_max_message = 40 - 1;

/// Appends the ephemeral point's MPI and the wrapped message with its length octet (§10).
/// `fingerprint` is the key's own. Fate refuse when the key's point is not usable, retry when
/// OpenSSL or its random generator fails.
Result<void> encrypt_ecdh(const CryptoContext& context, const EcdhNumbers& key,
                          const Fingerprint& fingerprint, Octets message, OctetString& out);

/// The key-encryption key of §7 from the shared secret, filled to the wrap cipher's key size
/// (`kek` has 32 octets; those beyond the size stay as they are).
Result<void> derive_kek(const CryptoContext& context, const EcdhNumbers& key,
                        const Fingerprint& fingerprint, Octets shared_secret,
                        std::span<std::uint8_t, 32> kek);

/// AES key wrap, RFC 3394: `padded` is a multiple of 8 octets, at least 16; `wrapped` 8 longer.
Result<void> wrap_key(const CryptoContext& context, WrapCipher wrap, Octets kek, Octets padded,
                      std::span<std::uint8_t> wrapped);

}  // namespace maildircrypt
