#include "pipe/detail_lookup.hpp"

#include <string>
#include <utility>

namespace maildircrypt {

std::optional<Address> without_detail(const Address& address, std::string_view delimiters) {
    const std::string_view local = address.local();
    const auto cut = local.find_first_of(delimiters);
    if (local.starts_with('"') || cut == local.npos || cut == 0) return std::nullopt;
    auto shorter =
        Address::parse(std::string{local.substr(0, cut)} + '@' + std::string{address.domain()});
    if (!shorter) return std::nullopt;
    return std::move(*shorter);
}

Result<RecipientKeys> lookup_with_detail(const KeyLookup& lookup, const Address& address,
                                         std::string_view delimiters) {
    auto keys = lookup(address);
    if (!keys || keys->state != KeyState::no_key) return keys;
    const auto shorter = without_detail(address, delimiters);
    return shorter ? lookup(*shorter) : std::move(keys);
}

}  // namespace maildircrypt
