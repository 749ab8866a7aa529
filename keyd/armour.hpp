/// ASCII armour of certificates, RFC 4880 §6: reading what people paste, writing what they export.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace maildircrypt {

/// The octets of an upload: as they are when it is binary, else of all its public key blocks, one
/// after the other. Text around the blocks, blanks around lines and missing checksums do not
/// matter. In wiping memory, since it may turn out to hold a secret key. Errors (refuse) say what
/// is wrong and what to do: a private key block, another kind of block, damage, a checksum that
/// does not fit, UTF-16, HTML, no OpenPGP data at all.
Result<SecretOctets> read_upload(std::string_view upload);

/// The public key block, with checksum and LF line ends.
std::string armour_public_key(Octets binary);

}  // namespace maildircrypt
