/// Mail for addresses outside our domains: the one place that makes it deliverable as it is.
#pragma once

#include "base/result.hpp"
#include "seal/deliverable.hpp"

#include <string_view>

namespace maildircrypt {

/// Every octet stays as it is, header included, as body pieces; header() of `output` is not called.
/// Only for an address that the policy does not cover (Treatment::untouched). Not thread-safe.
class UntouchedPassage {
public:
    /// `output` outlives the passage.
    explicit UntouchedPassage(MessageOutput& output) : output_(output) {}
    Result<void> write(std::string_view piece);

private:
    MessageOutput& output_;
};

}  // namespace maildircrypt
