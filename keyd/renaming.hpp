/// What becomes of the names in a store that was written under other rules of folding than today's
/// (keyd/local_part.hpp, keyd/domain_name.hpp). Only names beyond ASCII can change.
#pragma once

#include "base/result.hpp"
#include "keyd/entry_name.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

struct RenamedEntry {
    std::int64_t number;  ///< the store's own
    std::string former;
    EntryName name;       ///< may be what it was
    std::string targets;  ///< as keyd/alias_targets.hpp writes them
};

/// Gathers the entries that change, and refuses what would lose one: two that are one address now,
/// an alias that leads to itself now.
class Renaming {
public:
    /// An entry as it is stored. Errors (refuse) say what an operator can do.
    Result<void> add(std::int64_t number, std::string_view name, std::string_view targets);
    const std::vector<RenamedEntry>& entries() const { return entries_; }

private:
    std::vector<RenamedEntry> entries_;
    std::map<std::string, std::string> former_;  ///< by name
};

/// Both stand in the store and cannot both stay. Of fate refuse.
Error same_address(std::string_view one, std::string_view other);

/// What stands in the key log stays as it was committed to. So that the rows of a name are found
/// under the form that it has now, stores keep the older ones beside it: former name, name.
class FormerNames {
public:
    /// What a row of the key log names: an entry, or targets of an alias.
    void add(std::string_view logged);
    const std::map<std::string, std::string>& names() const { return names_; }

private:
    std::map<std::string, std::string> names_;
};

}  // namespace maildircrypt
