/// What a store has to know beside its place.
#pragma once

#include "base/log.hpp"

#include <chrono>

namespace maildircrypt {

inline constexpr std::chrono::seconds default_stale_answers{3600};
inline constexpr std::chrono::seconds most_stale_answers{7 * 86'400};

struct StoreSettings {
    /// PostgreSQL: how long positive answers are given from memory when the database is away; 0 is
    /// not at all.
    std::chrono::seconds stale_answers = default_stale_answers;
    const Log* log = nullptr;  ///< hears that the database went away and came back; outlives it
};

}  // namespace maildircrypt
