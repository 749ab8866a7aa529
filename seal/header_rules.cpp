#include "seal/header_rules.hpp"

namespace maildircrypt {
namespace {

/// The smaller, the less is shown.
int openness(OuterHeaders outer_headers) {
    switch (outer_headers) {
        case OuterHeaders::minimal:
            return 0;
        case OuterHeaders::standard:
            return 1;
        case OuterHeaders::all:
            return 2;
    }
    return 0;
}

void restrict_to(const HeaderPolicy& other, HeaderPolicy& policy) {
    if (openness(other.outer_headers) < openness(policy.outer_headers))
        policy.outer_headers = other.outer_headers;
    if (other.subject == SubjectPolicy::hide) policy.subject = SubjectPolicy::hide;
}

}  // namespace

void HeaderRules::apply(std::string_view target, HeaderPolicy& policy) const {
    for (const HeaderRule& rule : rules_) {
        if (rule.target != target) continue;
        policy.outer_headers = rule.outer_headers.value_or(policy.outer_headers);
        policy.subject = rule.subject.value_or(policy.subject);
    }
}

HeaderPolicy HeaderRules::policy_for(const Address& recipient) const {
    HeaderPolicy policy = general;
    apply(recipient.domain(), policy);
    apply(recipient.text(), policy);
    return policy;
}

HeaderPolicy HeaderRules::policy_for(std::span<const Address> recipients) const {
    if (recipients.empty()) return general;
    HeaderPolicy policy = policy_for(recipients.front());
    for (const Address& recipient : recipients.subspan(1))
        restrict_to(policy_for(recipient), policy);
    return policy;
}

}  // namespace maildircrypt
