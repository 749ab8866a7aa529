/// Finds what answers for an address among a store's entries: the address itself, the address
/// without its detail, its domain; follows aliases and adds recovery keys (keyd/API, "Which entry
/// answers").
#pragma once

#include "keyd/store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maildircrypt {

inline constexpr std::size_t max_alias_targets = 32;  ///< of one alias
/// Addresses that an alias leads to in the end, those of further aliases among its targets counted.
inline constexpr std::size_t max_alias_addresses = 64;
inline constexpr std::size_t max_alias_depth = 4;  ///< aliases one behind the other

struct ResolveRules {
    /// What follows the first of these characters in a local part is a detail. Empty: none has any.
    std::string detail_separators;
    bool all_subkeys = false;  ///< for answers that have to be compiled anew
};

/// What mail for an address is sealed to, by everything that bears upon it. One snapshot.
struct Resolved {
    StoreStamp stamp;
    KeyState state = KeyState::no_key;
    std::optional<EntryName> by;  ///< the entry that answers; none: no entry does
    std::string text;  ///< JSON members `recognise`, `recovery`, `seal_to`, `state`; no braces
};

/// Errors are of fate retry: the store's, and aliases beyond the limits. `now` in seconds since
/// 1970. The thread of `source`.
Result<Resolved> resolve(const Address& address, EntrySource& source, const ResolveRules& rules,
                         std::int64_t now);

/// Whether an alias keeps within the limits and does not lead to itself. The stamp is that of what
/// was looked at. Errors of fate refuse name the limit; retry: the store's, or it changed
/// meanwhile.
Result<StoreStamp> check_alias(const EntryName& alias, EntrySource& source,
                               const ResolveRules& rules, std::int64_t now);

/// The whole JSON text of a lookup's answer.
std::string render_answer(const Address& address, const Resolved& resolved);

}  // namespace maildircrypt
