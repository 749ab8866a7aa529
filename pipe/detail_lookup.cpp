#include "pipe/detail_lookup.hpp"

#include <utility>

namespace maildircrypt {

Result<RecipientKeys> lookup_with_detail(const KeyLookup& lookup, const Address& address,
                                         std::string_view delimiters) {
    auto keys = lookup(address);
    if (!keys || keys->state != KeyState::no_key) return keys;
    const auto shorter = without_detail(address, delimiters);
    return shorter ? lookup(*shorter) : std::move(keys);
}

}  // namespace maildircrypt
