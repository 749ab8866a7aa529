#include "pipe/recipient_policy.hpp"

#include <string_view>
#include <utility>

namespace maildircrypt {
namespace {

/// "[192.0.2.1]", RFC 5321 §4.1.3: it may be this host, and the mailbox one that has a key under
/// its proper address.
bool is_literal(std::string_view domain) {
    return domain.starts_with('[');
}

/// The same mailbox under the domain that keyd knows; its detail, if any, stays.
Result<Address> at_domain(const Address& address, const std::string& domain) {
    return Address::parse(std::string{address.local()} + '@' + domain);
}

}  // namespace

Result<RecipientPolicy> decide_recipient(const KeyLookup& lookup, const PolicyConfig& policy,
                                         const MailboxNames& names, const Address& address) {
    const bool literal = is_literal(address.domain());
    const bool covered = !literal && covers(policy, address);
    RecipientPolicy result{Treatment::untouched, {}, {}};
    RecipientKeys& keys = result.keys;
    const KeyLookup noting = [&](const Address& asked) {
        result.asked.push_back(asked);
        return lookup(asked);
    };
    if (covered) {
        auto found = lookup_with_detail(noting, address, names.delimiter);
        if (!found) return found.error();
        keys = std::move(*found);
    } else if (literal && names.domain.empty()) {
        return refuse("an address literal, whose mailbox no mailbox-domain says");
    }
    if (keys.state == KeyState::no_key && !names.domain.empty()) {
        const auto home = at_domain(address, names.domain);
        if (!home) return home.error();
        auto found = lookup_with_detail(noting, *home, names.delimiter);
        if (!found) return found.error();
        keys = std::move(*found);
    }
    const bool ours = covered || literal || keys.state != KeyState::no_key;
    if (ours) result.treatment = treat(policy, keys.state);
    return result;
}

}  // namespace maildircrypt
