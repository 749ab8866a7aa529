/// Agreeing with a recipient's key on a secret that only its owner can find out.
#pragma once

#include "base/result.hpp"
#include "seal/crypto_context.hpp"
#include "seal/public_key_packet.hpp"

#include <cstdint>
#include <span>

namespace maildircrypt {

/// Draws an ephemeral key. Fills `point` (curve->point_size() octets) with its public point, prefix
/// included, and `secret` (curve->field octets) with what it shares with `key`: the big-endian x
/// coordinate, left-padded, or X25519's 32 octets. Fate refuse when the key's point is not usable,
/// retry when OpenSSL or the random generator fails. Thread-safe.
Result<void> agree(const CryptoContext& context, const EcdhNumbers& key,
                   std::span<std::uint8_t> point, std::span<std::uint8_t> secret);

}  // namespace maildircrypt
