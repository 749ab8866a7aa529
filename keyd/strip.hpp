/// Strips certificates to what sealing needs, before gpg or anything else sees them.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "keyd/transferable_key.hpp"

#include <string>

namespace maildircrypt {

/// Takes what strip_certificates() finds, in the order of the upload.
class StrippedReceiver {
public:
    virtual ~StrippedReceiver() = default;
    virtual void certificate(TransferableKey key) = 0;
    /// A certificate that cannot be used, and why.
    virtual void refused(std::string why) = 0;
    /// The body of a key revocation that stands before any certificate, as gpg --gen-revoke writes
    /// it.
    virtual void revocation(Octets signature) = 0;
};

/// Reads `upload` (binary) to its end. Of each version 4 certificate are kept: the primary key,
/// user ids (no control characters), well-formed version 4 subkeys, and of the signatures those
/// that name the primary key as their maker and are certifications, direct-key signatures, subkey
/// bindings and revocations, with nothing in their unhashed area but issuer and back-signature.
/// Of a revocation of key or subkey by another key only that there was one is kept.
/// User ids and subkeys that have none of these go. Unverified: gpg judges what is left. Errors
/// (refuse): a secret key anywhere; a damaged upload; something that is no certificate. Memory
/// beyond the upload stays within a small multiple of max_certificate.
Result<void> strip_certificates(Octets upload, StrippedReceiver& receiver);

}  // namespace maildircrypt
