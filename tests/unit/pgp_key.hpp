/// Key pairs made by OpenSSL for the tests, with their public-key packets.
#pragma once

#include "base/handle.hpp"
#include "seal/key_plan.hpp"

#include <string>
#include <vector>

#include <openssl/evp.h>

namespace maildircrypt::test {

enum class Kind { rsa2048, rsa3072, cv25519, p256, p384, p521, bp256, bp384, bp512 };
inline constexpr Kind all_kinds[] = {Kind::rsa2048, Kind::rsa3072, Kind::cv25519,
                                     Kind::p256,    Kind::p384,    Kind::p521,
                                     Kind::bp256,   Kind::bp384,   Kind::bp512};
std::ostream& operator<<(std::ostream& out, Kind kind);

struct KeyPair {
    Kind kind;
    Handle<EVP_PKEY, EVP_PKEY_free> secret;
    EncryptionKey key;
    OctetString oid;  ///< empty for RSA
    int hash = 0;     ///< OpenPGP numbers of the ECDH parameters
    int wrap = 0;
};

/// A new pair. `hash` and `wrap` are OpenPGP's numbers; RSA ignores them.
KeyPair make_key(Kind kind, int hash = 8, int wrap = 9);
/// Made once for a run of the tests.
const KeyPair& key_of(Kind kind);

OctetString from_hex(std::string_view hex);
/// With its bit count in front.
OctetString mpi(Octets number);
OctetString join(const std::vector<OctetString>& parts);

}  // namespace maildircrypt::test
