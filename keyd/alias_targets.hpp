/// An alias's targets as the one text that stores and the key log keep.
#pragma once

#include "base/result.hpp"
#include "keyd/entry_name.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// Two spellings of an address are one target.
void add_target(std::vector<EntryName>& targets, EntryName target);

/// In their order, with LF between them: no address holds one. Empty for none.
std::string write_targets(std::span<const EntryName> targets);
/// What write_targets() wrote, each once. Errors (retry): a target that is no address.
Result<std::vector<EntryName>> parse_targets(std::string_view text);

}  // namespace maildircrypt
