/// A certificate (OpenPGP public key) as keyd stores it: uploaded, checked, stripped, validated by
/// GPGME, never trusted.
#pragma once

#include "base/result.hpp"
#include "seal/address.hpp"
#include "seal/key_plan.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

inline constexpr std::size_t max_upload = 5 * 1024 * 1024;  ///< octets taken in before stripping
inline constexpr std::size_t max_certificate = 64 * 1024;   ///< octets stored, after stripping
inline constexpr std::size_t max_packet = 8383;             ///< octets of a packet that is kept
inline constexpr std::size_t max_user_id = 1024;            ///< octets
inline constexpr std::size_t max_user_ids = 32;
inline constexpr std::size_t max_subkeys = 32;
inline constexpr int min_rsa_bits = 2048;

/// A primary or subkey that may encrypt stored data or communications and that seal/ can encrypt
/// to.
struct EncryptionSubkey {
    EncryptionKey key;
    bool revoked = false;  ///< itself, or its certificate
};

struct Certificate {
    Fingerprint fingerprint{};          ///< of the primary key
    OctetString binary;                 ///< stripped, not armoured
    std::vector<std::string> user_ids;  ///< valid and unrevoked, as they stand in the certificate
    std::vector<Address> addresses;     ///< of those user ids
    std::int64_t created = 0;           ///< seconds since 1970
    std::int64_t expires = 0;           ///< seconds since 1970; 0 is never
    bool revoked = false;
    std::vector<EncryptionSubkey>
        encryption_keys;  ///< newest first; an expired certificate's keys carry its expiry
};

/// Checks, strips and validates what somebody uploads. `upload` is armoured or binary and may hold
/// several certificates: the one that bears `address` as a valid, unrevoked user id is taken, of
/// several the usable one, of these the newest-created; with `any_user_id` (administrators) the
/// first when none bears it. Before all of them goes one that is stored and now revoked. `stored`
/// are certificates (binary) that the address has: with the same fingerprint they are merged, so
/// that no newer self-signature and no revocation is lost; such an update is taken even when the
/// user id has gone or is revoked. A key revocation alone (gpg
/// --gen-revoke) revokes what is stored. `refuse_sha1`: self-signatures over SHA-1 do not count.
/// The caller wipes its own copy of an upload that was refused: it may be a secret key. Revoked or
/// expired certificates are returned, not refused: whether they are useful depends on what is
/// stored. Errors of fate refuse say what is wrong and what to do; retry means that GPGME or gpg
/// failed. May take long (it runs gpg, in a throw-away home): never on the delivery path. Any
/// thread.
Result<Certificate> accept_certificate(std::string_view upload, const Address& address,
                                       bool any_user_id, std::span<const OctetString> stored,
                                       std::int64_t now, bool refuse_sha1 = false);

/// ASCII armour with CRC24, for export.
std::string armour_certificate(Octets binary);

/// What to seal to, of all certificates of one address, at the time `now` (seconds since 1970).
/// Pure. Per certificate the newest-created usable subkey; all certificates that are unexpired; if
/// none is, the expired ones that are not revoked. `all_subkeys` seals to every usable subkey
/// instead of the newest. An address without certificates yields no_key: whether it has a tombstone
/// is the store's knowledge.
RecipientKeys compile_plan(std::span<const Certificate> certificates, std::int64_t now,
                           bool all_subkeys = false);

}  // namespace maildircrypt
