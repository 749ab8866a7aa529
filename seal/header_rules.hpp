/// How much of the header stays outside, for everybody, for a domain, for an address.
#pragma once

#include "base/result.hpp"
#include "seal/address.hpp"
#include "seal/outer_header.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace maildircrypt {

/// An exception for a domain ("example.org") or an address ("alice@example.org"), folded.
struct HeaderRule {
    std::string target;
    std::optional<OuterHeaders> outer_headers;
    std::optional<SubjectPolicy> subject;
};

/// Rules for an address win over rules for its domain, these over the general policy; of two rules
/// for the same target the later one wins. A message for several recipients shows only what each of
/// them lets it show.
class HeaderRules {
public:
    HeaderPolicy general;

    void add(HeaderRule rule) { rules_.push_back(std::move(rule)); }
    HeaderPolicy policy_for(const Address& recipient) const;
    HeaderPolicy policy_for(std::span<const Address> recipients) const;

private:
    void apply(std::string_view target, HeaderPolicy& policy) const;

    std::vector<HeaderRule> rules_;
};

}  // namespace maildircrypt
