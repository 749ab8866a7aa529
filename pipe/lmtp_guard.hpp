/// What all connections of the LMTP server share, and its verdict on a recipient.
#pragma once

#include "base/log.hpp"
#include "base/spill.hpp"
#include "keyd/client.hpp"
#include "pipe/lmtp_next_hop.hpp"
#include "pipe/lmtp_reply.hpp"
#include "pipe/lmtp_session.hpp"
#include "pipe/lmtp_tally.hpp"
#include "pipe/recipient_policy.hpp"
#include "seal/crypto_context.hpp"
#include "seal/key_plan.hpp"
#include "seal/policy.hpp"
#include "seal/sealer.hpp"

#include <optional>
#include <string>
#include <vector>

namespace maildircrypt::lmtp {

/// Read-only or thread-safe in all parts. Outlives the connections.
struct Guard {
    const CryptoContext& crypto;
    const KeyLookup& lookup;
    const MailboxNames& names;
    const PolicyConfig& policy;
    const SealOptions& seal;  ///< line_end is that of the next hop
    SpillBudget& spill;
    SpillBudget& headers;  ///< memory for headers in flight
    NextHop& next;
    Tally& recipients;  ///< in flight
    const Log& log;
    ClearReport passed_in_clear{};  ///< called for each recipient whose mail has; may be empty
};

/// An accepted recipient, and what happens to their mail.
struct Treated {
    Destination destination;
    Treatment treatment;  ///< seal, pass_clear or untouched
    RecipientKeys keys;
    std::vector<Address> asked;  ///< as in RecipientPolicy
    Tally::Place place;          ///< among those in flight
};

struct Verdict {
    Reply reply;
    std::optional<Treated> treated;  ///< when the reply accepts
    bool lookup_failed = false;      ///< further lookups of this message would only wait as well
};

/// At RCPT. Blocks while keyd is asked. `size` is what MAIL declared.
Verdict judge(const Guard& guard, const Sender& sender, const Recipient& candidate,
              const std::string& session);

}  // namespace maildircrypt::lmtp
