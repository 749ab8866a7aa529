/// A signature packet as far as keyd must understand it to strip a certificate: kind, issuer,
/// times, features. Nothing is verified here: that is gpg's work.
#pragma once

#include "base/bytes.hpp"
#include "seal/key_plan.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace maildircrypt {

/// Signature types of RFC 4880 §5.2.1 that a certificate's owner makes.
enum class SignatureType : std::uint8_t {
    generic_certification = 0x10,
    persona_certification = 0x11,
    casual_certification = 0x12,
    positive_certification = 0x13,
    subkey_binding = 0x18,
    direct_key = 0x1f,
    key_revocation = 0x20,
    subkey_revocation = 0x28,
    certification_revocation = 0x30,
};

bool is_certification(SignatureType type);
bool is_revocation(SignatureType type);

/// A view: it does not outlive the packet body that it was parsed from.
struct SignaturePacket {
    std::uint8_t version = 0;  ///< 3 or 4
    SignatureType type{};      ///< any octet: not only those named above
    std::uint8_t hash_algorithm = 0;
    std::int64_t created = 0;              ///< seconds since 1970; 0 when it does not say
    std::int64_t lifetime = 0;             ///< of the signature itself, in seconds; 0 is for ever
    std::optional<std::uint8_t> features;  ///< first octet of the subpacket, RFC 9580 §5.2.3.32
    bool names_revoker = false;            ///< lets another key revoke, RFC 4880 §5.2.3.15
    std::vector<Octets>
        issuers;  ///< key ids (8 octets) and v4 fingerprints (20 octets), unverified
    std::vector<Octets> embedded;  ///< bodies of embedded signatures in the unhashed area
    Octets head;                   ///< from the version to the end of the hashed area
    Octets tail;                   ///< from the left 16 bits of the hash to the end
};

/// The type that the first octets announce, whatever version and algorithm the signature has and
/// however damaged the rest of it is.
std::optional<SignatureType> announced_type(Octets body);

/// Nothing when the body is not one well-formed signature of version 3 or 4 by RSA, DSA, ECDSA or
/// EdDSA that ends where its last number ends.
std::optional<SignaturePacket> parse_signature(Octets body);

/// Whether the signature names this key as its maker. Whether that is true, gpg finds out.
bool names_issuer(const SignaturePacket& signature, const Fingerprint& fingerprint);

/// The same signature as a packet body whose unhashed area holds the key id of its maker and, in
/// subkey bindings, the embedded signatures. What anybody may have added there is gone, and two
/// copies of one signature become equal octets.
OctetString without_extras(const SignaturePacket& signature, const Fingerprint& issuer);

}  // namespace maildircrypt
