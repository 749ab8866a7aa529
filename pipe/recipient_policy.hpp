/// What becomes of mail for an address that has reached its final delivery.
#pragma once

#include "base/result.hpp"
#include "pipe/detail_lookup.hpp"
#include "seal/address.hpp"
#include "seal/key_plan.hpp"
#include "seal/policy.hpp"

#include <string>
#include <vector>

namespace maildircrypt {

/// How an address becomes the name of a mailbox here.
struct MailboxNames {
    std::string delimiter;  ///< of a detail in local parts; may be empty
    /// Where not empty, mailboxes are called by their local part alone, and this is the domain
    /// under which keyd knows them.
    std::string domain;
};

struct RecipientPolicy {
    Treatment treatment;  ///< untouched only for an address that is not covered
    RecipientKeys keys;
    std::vector<Address>
        asked;  ///< all that the mailbox was looked up as: header rules of each hold
};

/// What is known of the address itself counts. Where that is nothing, or it is outside our domains,
/// its mail may still land in a mailbox that has a key: `alice@localhost` and `alice@[192.0.2.1]`
/// are chosen by whoever writes. So the same local part at `names.domain` is asked about. Errors:
/// retry when a lookup failed; refuse for an address literal when there is no `names.domain`, as
/// nobody can say then whose mailbox it is.
Result<RecipientPolicy> decide_recipient(const KeyLookup& lookup, const PolicyConfig& policy,
                                         const MailboxNames& names, const Address& address);

}  // namespace maildircrypt
