/// Combines gpg's verdict on a stripped certificate with its octets: what keyd may believe of it.
#pragma once

#include "base/result.hpp"
#include "keyd/certificate.hpp"
#include "keyd/key_listing.hpp"
#include "keyd/transferable_key.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace maildircrypt {

/// The mail address of a user id: what stands in its last `<...>`, or the whole of it when it is a
/// bare address.
std::optional<Address> address_of_user_id(std::string_view user_id);

/// The certificate, of what gpg listed as validly signed and nothing else. Errors of fate refuse:
/// no valid self-signature, a weak primary key, no subkey that mail can be encrypted to (unless the
/// certificate is revoked). Pure.
Result<Certificate> judge_certificate(const TransferableKey& key, const KeyListing& listing,
                                      std::int64_t now);

}  // namespace maildircrypt
