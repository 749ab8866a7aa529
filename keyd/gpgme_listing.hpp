/// Asks gpg, through GPGME, what is valid in a certificate. The only code of keyd that knows GPGME;
/// it runs in keyd-validator, never in keyd.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "keyd/key_listing.hpp"

namespace maildircrypt {

/// Lists a binary certificate from memory (gpgme_op_keylist_from_data_start), with the gpg that
/// PATH names and its home at GNUPGHOME. gpg checks every self-signature and leaves out what has no
/// valid one; the certificate is not stored anywhere. All errors are of fate retry. Not
/// thread-safe; once per process.
Result<KeyListing> list_with_gpgme(Octets certificate);

}  // namespace maildircrypt
