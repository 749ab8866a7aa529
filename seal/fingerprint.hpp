/// Fingerprints of version 4 keys.
#pragma once

#include "base/bytes.hpp"
#include "seal/key_plan.hpp"

namespace maildircrypt {

/// SHA-1 over 0x99, the body's length in two octets, and the body of a public-key packet (RFC 4880
/// §12.2). Says nothing about whether the body is well-formed. Throws std::length_error for more
/// than 65,535 octets, which no caller may let through.
Fingerprint fingerprint_of(Octets public_key_packet);

}  // namespace maildircrypt
