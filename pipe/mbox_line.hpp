/// Takes away the mbox "From " line that Exim puts in front of a message unless told not to.
#pragma once

#include "base/result.hpp"
#include "base/sink.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace maildircrypt {

/// Hands on everything but one leading line that begins with "From " and is no field: in old mail
/// blanks may stand before the colon (`From : ada@example.org`, RFC 5322 §4.5). Octets behind it
/// stay as they are.
class MboxLineRemover : public Sink {
public:
    /// `next` outlives the object.
    explicit MboxLineRemover(Sink& next) : next_(next) {}
    Result<void> write(std::string_view piece) override;
    /// The end of the message: what was held back in case it becomes "From " goes on.
    Result<void> finish();

private:
    enum class Phase { prefix, blanks, line, rest };

    Sink& next_;
    Phase phase_ = Phase::prefix;
    std::size_t matched_ = 0;  ///< octets of the prefix seen
    std::string blanks_;       ///< behind the prefix, as long as a colon may follow
};

}  // namespace maildircrypt
