#include "keyd/known_history.hpp"

namespace maildircrypt {

std::optional<std::string> contradiction(const StoreStamp& known, const StoreStamp& seen) {
    if (seen.id != known.id) return "another store";
    if (seen.revision < known.revision) return "an older store";
    if (seen.log.sequence < known.log.sequence) return "a store whose key log became shorter";
    if (seen.log.sequence == known.log.sequence && seen.log.head != known.log.head)
        return "a store whose key log was rewritten";
    return std::nullopt;
}

}  // namespace maildircrypt
