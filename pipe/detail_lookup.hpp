/// Asks keyd about an address with a detail: `alice+lists@example.org` is alice's mailbox.
#pragma once

#include "base/result.hpp"
#include "seal/address.hpp"
#include "seal/key_plan.hpp"

#include <functional>
#include <string_view>

namespace maildircrypt {

/// KeyClient::lookup, or a fake. Any thread; every failure means later.
using KeyLookup = std::function<Result<RecipientKeys>(const Address&)>;

/// What is known of the address itself counts. Only where it never had a key, the address without
/// its detail is asked about: their mail lands in the same mailbox.
Result<RecipientKeys> lookup_with_detail(const KeyLookup& lookup, const Address& address,
                                         std::string_view delimiters);

}  // namespace maildircrypt
