/// RSA encryption of a session key, RFC 4880 §5.1 and §13.1.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "seal/public_key_packet.hpp"

namespace maildircrypt {

/// Appends the MPI of `message` under PKCS#1 v1.5 with fresh padding. Fate retry when OpenSSL or
/// its random generator fails.
Result<void> encrypt_rsa(const RsaNumbers& key, Octets message, OctetString& out);

/// Refuses a modulus with a factor below 752. For uploads.
Result<void> check_rsa(const RsaNumbers& key);

}  // namespace maildircrypt
