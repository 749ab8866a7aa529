#include "keyd/entry_name.hpp"

#include "keyd/domain_name.hpp"
#include "keyd/local_part.hpp"

namespace maildircrypt {
namespace {

/// A name is longer than what it was made of when folding, or an A-label, made it so.
constexpr AddressLimits name_limits{max_folding_growth * max_local_part,
                                    max_folding_growth* max_local_part + 1 + max_domain};

/// No address begins so: a colon needs quotes.
constexpr std::string_view recovery_prefix = "recovery:";

/// The domain of `text` when it is one.
Result<std::string> read_domain(std::string_view text) {
    auto probe = Address::parse("probe@" + std::string{text});
    if (!probe) return probe.error();
    return std::string{probe->domain()};
}

}  // namespace

EntryName::EntryName(const Address& address)
    : text_(canonical_local_part(address.local()) + '@' + canonical_domain(address.domain())) {}

EntryName EntryName::whole_domain(std::string_view domain) {
    return EntryName{'@' + canonical_domain(domain)};
}

EntryName EntryName::recovery(std::string_view domain) {
    return EntryName{std::string{recovery_prefix} + canonical_domain(domain)};
}

Result<EntryName> EntryName::parse(std::string_view text) {
    const bool recovers = text.starts_with(recovery_prefix);
    if (!recovers && !text.starts_with('@')) {
        auto address = Address::parse(text, name_limits);
        if (!address) return address.error();
        return EntryName{*address};
    }
    auto domain = read_domain(text.substr(recovers ? recovery_prefix.size() : 1));
    if (!domain) return domain.error();
    return recovers ? recovery(*domain) : whole_domain(*domain);
}

Result<Address> EntryName::address() const {
    return Address::parse(text_, name_limits);
}

EntryKind EntryName::kind() const {
    if (text_.starts_with('@')) return EntryKind::domain;
    return text_.starts_with(recovery_prefix) ? EntryKind::recovery : EntryKind::address;
}

std::string_view EntryName::domain() const {
    const std::string_view text = text_;
    if (kind() == EntryKind::recovery) return text.substr(recovery_prefix.size());
    return text.substr(text.rfind('@') + 1);
}

}  // namespace maildircrypt
