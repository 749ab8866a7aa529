/// Mail that policy lets through in clear: the one place that makes it deliverable, marked.
#pragma once

#include "base/result.hpp"
#include "seal/deliverable.hpp"
#include "seal/header.hpp"
#include "seal/header_rest.hpp"
#include "seal/line_end.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maildircrypt {

/// Forged provenance fields go, ours is added in front; every other octet stays as it is. Not
/// thread-safe; one per message.
class ClearPassage {
public:
    /// `reason` is one token for the provenance field ("no-key"). Our field ends as the message's
    /// lines do; in `line_end` when it has none. `output` outlives the passage.
    ClearPassage(std::string host, std::string reason, LineEnd line_end, MessageOutput& output);

    /// The raw message, header and body, in pieces of any size.
    Result<void> write(std::string_view piece);
    Result<void> finish();

private:
    Result<void> end_header();
    Result<void> pass(std::string_view piece);

    std::string host_;
    std::string reason_;
    LineEnd line_end_;
    MessageOutput& output_;
    HeaderScanner scanner_;
    std::string held_;  ///< the message so far, until its header has ended
    bool header_ended_ = false;
    std::optional<HeaderRest> rest_;  ///< while readers may see more fields than we did
};

}  // namespace maildircrypt
