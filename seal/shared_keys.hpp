/// The keys of several recipients who share one sealed message.
#pragma once

#include "seal/key_plan.hpp"

#include <span>
#include <vector>

namespace maildircrypt {

/// What the message is sealed to: each key once, in the order of `recipients`.
std::vector<EncryptionKey> keys_to_seal_to(std::span<const RecipientKeys> recipients);

/// For each of `recipients`, the keys by which their mail is recognised.
std::vector<std::vector<Fingerprint>> recognised_keys(std::span<const RecipientKeys> recipients);

}  // namespace maildircrypt
