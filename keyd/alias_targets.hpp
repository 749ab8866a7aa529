/// An alias's targets as the one text that stores and the key log keep.
#pragma once

#include "base/result.hpp"
#include "keyd/entry_name.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// In their order, with LF between them: no address holds one. Empty for none.
std::string write_targets(std::span<const EntryName> targets);
/// What write_targets() wrote. Errors (retry): a target that is no address.
Result<std::vector<EntryName>> parse_targets(std::string_view text);

}  // namespace maildircrypt
