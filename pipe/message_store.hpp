/// Where a message goes, in two steps: complete but not visible, then visible.
#pragma once

#include "base/result.hpp"
#include "seal/deliverable.hpp"

#include <cstdint>

namespace maildircrypt {

/// Destroyed before commit() it leaves nothing behind. Not thread-safe; one per message. After an
/// error nothing but the destructor is called.
class MessageStore : public MessageOutput {
public:
    /// Starts an empty message; the second time, forgets what was written.
    virtual Result<void> begin() = 0;
    /// The message is at its end: from here on nothing but commit() can fail.
    virtual Result<void> complete() = 0;
    /// Makes it visible for good. When this fails the message may be visible all the same: a
    /// duplicate is better than a loss.
    virtual Result<void> commit() = 0;
    /// Octets written since the start.
    virtual std::uint64_t size() const = 0;
};

}  // namespace maildircrypt
