/// Decides, while a message streams by, whether it is already end-to-end encrypted to its
/// recipients.
#pragma once

#include "seal/header.hpp"
#include "seal/key_plan.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// Decides by structure alone: a Content-Type only makes a candidate. Whatever deviates from the
/// strictest form is "no": such mail is sealed, which is always safe. Bounded memory. Not
/// thread-safe; one per message.
class EncryptionJudge {
public:
    virtual ~EncryptionJudge() = default;
    /// The body behind the header, in pieces of any size.
    virtual void write(std::string_view piece) = 0;
    /// After the last octet.
    virtual bool is_encrypted_to_all() = 0;
};

/// Null when the header does not even claim encryption, or leaves room for two readings.
/// `recipients` holds for each the keys that mail to them is recognised by.
std::unique_ptr<EncryptionJudge> judge_claim(const std::vector<HeaderField>& fields,
                                             std::vector<std::vector<Fingerprint>> recipients);

}  // namespace maildircrypt
