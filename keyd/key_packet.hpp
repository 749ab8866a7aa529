/// Whether a public-key packet is one that gpg can read: it consists of exactly the numbers that
/// its algorithm has. gpg gives up a whole certificate for one malformed subkey, and overlooks
/// octets behind the numbers.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>

namespace maildircrypt {

/// Whether gpg 2.2 can read and verify with (primary keys) this public-key algorithm, RFC 4880
/// §9.1: RSA, DSA, ECDSA, EdDSA of the curve ed25519.
bool is_signing_algorithm(std::uint8_t algorithm);

/// Of the body of a packet of version 4, whose algorithm may also be one that encrypts: ECDH,
/// Elgamal. False for every other algorithm.
bool is_well_formed_key(Octets body);

/// No number in a key or signature may be longer: gpg refuses to read it.
inline constexpr std::size_t max_number_bits = 16384;

}  // namespace maildircrypt
