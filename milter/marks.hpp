/// The header of a message that is not sealed here: forged provenance fields go, ours may come.
#pragma once

#include "seal/deliverable.hpp"

#include <optional>
#include <span>
#include <string>

namespace maildircrypt {

/// Of the fields with these names, in order; their texts are left out, since nothing else changes.
/// `provenance` is a whole field without its last line end.
OuterHeader marked_header(std::span<const std::string> names,
                          const std::optional<std::string>& provenance);

}  // namespace maildircrypt
