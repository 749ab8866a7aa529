/// The reply's field by which keyd lets an answer be remembered (keyd/API, LEASES): a field of our
/// own, since HTTP's caches know no such condition.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace maildircrypt {

inline constexpr char lease_field[] = "Maildircrypt-Lease";

/// One digit: 0 to 9 seconds.
inline std::string lease_text(std::chrono::seconds time) {
    return std::to_string(time.count());
}

/// None for whatever lease_text() does not write.
constexpr std::chrono::seconds parse_lease(std::string_view text) {
    const bool digit = text.size() == 1 && text.front() >= '0' && text.front() <= '9';
    return std::chrono::seconds{digit ? text.front() - '0' : 0};
}

}  // namespace maildircrypt
