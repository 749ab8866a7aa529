/// Which addresses a message names in its To and Cc fields, and so shows to everybody who gets it.
#pragma once

#include "seal/address.hpp"

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// The addresses of an address-list, RFC 5322 §3.4: display names, comments, groups and folding are
/// understood; what is malformed names nobody. `value` is a field's value with LF or CRLF in it.
std::vector<Address> addresses_in(std::string_view value);

/// Fed with the fields of one message. Memory is bounded: beyond max_named nobody is named.
class NamedAddresses {
public:
    static constexpr std::size_t max_named = 10'000;

    void field(std::string_view name, std::string_view value);
    bool has_all(std::span<const Address> addresses) const;

private:
    std::set<std::string> named_;
    bool overflow_ = false;
};

}  // namespace maildircrypt
