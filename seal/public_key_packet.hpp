/// Version 4 public-key packets (RFC 4880 §5.5.2, RFC 6637 §9), as far as mail can be encrypted to
/// them.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "seal/curve.hpp"

#include <variant>

namespace maildircrypt {

inline constexpr std::size_t rsa_min_bits = 2048;
inline constexpr std::size_t rsa_max_bits = 8192;
inline constexpr std::size_t rsa_max_exponent_bits = 64;  ///< OpenSSL's own limit for long moduli

/// Big-endian, no leading zeros; the exponent is odd and at least 3, the modulus odd.
struct RsaNumbers {
    Octets modulus;
    Octets exponent;
};

/// Hash of the key derivation, by OpenPGP number (RFC 4880 §9.4).
enum class KdfHash : std::uint8_t { sha256 = 8, sha384 = 9, sha512 = 10 };
/// Cipher of the key wrap, by OpenPGP number (RFC 4880 §9.2).
enum class WrapCipher : std::uint8_t { aes128 = 7, aes192 = 8, aes256 = 9 };

struct EcdhNumbers {
    const Curve* curve;
    Octets point;  ///< of curve->point_size() octets, with the curve's prefix; not yet on the curve
    KdfHash hash;
    WrapCipher wrap;
};

/// Views into the packet.
struct PublicKeyPacket {
    std::uint8_t algorithm;  ///< RFC 4880 §9.1
    std::variant<RsaNumbers, EcdhNumbers> numbers;
};

/// Parses a packet's body. The error (refuse) says in words for a user why mail cannot be encrypted
/// to it. Whether a point lies on its curve is seen only when the key is used.
Result<PublicKeyPacket> parse_public_key(Octets packet);

}  // namespace maildircrypt
