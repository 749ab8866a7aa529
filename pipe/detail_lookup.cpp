#include "pipe/detail_lookup.hpp"

#include <string>
#include <utility>

namespace maildircrypt {

std::optional<Address> without_detail(const Address& address, std::string_view delimiters) {
    const std::string_view local = address.local();
    const bool quoted = local.starts_with('"');
    const std::size_t begin = quoted ? 1 : 0;
    const auto cut = local.find_first_of(delimiters, begin);
    if (cut == local.npos || cut == begin) return std::nullopt;
    auto shorter = Address::parse(std::string{local.substr(0, cut)} + (quoted ? "\"@" : "@") +
                                  std::string{address.domain()});
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
