/// What all sessions of one milter process share.
#pragma once

#include "base/log.hpp"
#include "base/spill.hpp"
#include "keyd/client.hpp"
#include "milter/admissions.hpp"
#include "milter/envelope.hpp"
#include "milter/networks.hpp"
#include "seal/crypto_context.hpp"
#include "seal/key_plan.hpp"
#include "seal/policy.hpp"
#include "seal/sealer.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace maildircrypt {

struct MilterPolicy {
    PolicyConfig keys;
    EnvelopePolicy envelope;
    Networks own_networks;
    std::string origin;  ///< domain that the MTA appends to a recipient without one; empty: unknown
    std::size_t size_limit = 0;  ///< what the MTA's queue takes (message_size_limit); 0 is any
};

/// KeyClient::lookup, or a fake. Any thread; every failure means later.
using KeyLookup = std::function<Result<RecipientKeys>(const Address&)>;

/// Read-only or thread-safe in all parts: any session, any thread. Outlives the sessions.
struct MilterService {
    const MilterPolicy& policy;
    const SealOptions& seal;
    const CryptoContext& crypto;
    const KeyLookup& lookup;
    const Log& log;
    SpillBudget& spill;
    Admissions& admissions;
    ClearReport passed_in_clear{};  ///< called for each recipient whose mail has; may be empty
};

}  // namespace maildircrypt
