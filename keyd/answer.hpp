/// A lookup's answer on the wire (keyd/API): its words, and the strict reader that clients use.
#pragma once

#include "base/result.hpp"
#include "seal/address.hpp"
#include "seal/key_plan.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maildircrypt {

inline constexpr std::size_t max_answer = 1024 * 1024;  ///< octets of JSON
inline constexpr std::size_t store_id_length = 32;      ///< hexadecimal digits
inline constexpr std::size_t log_head_length = 64;      ///< hexadecimal digits

/// Which store answered, and in which state. The id never changes; the revision grows with every
/// change.
struct StoreStamp {
    std::string id;  ///< lower-case hexadecimal
    std::int64_t revision = 0;
    LogPosition log;
};

class JsonFields;
/// The members `store` and `log` of an answer; false when they are not valid.
bool read_stamp(JsonFields& fields, StoreStamp& stamp);

struct Answer {
    StoreStamp stamp;
    RecipientKeys keys;  ///< keys.log equals stamp.log
};

/// The reverse of token_of().
std::optional<KeyState> parse_key_state(std::string_view name);

/// Takes nothing on trust: every member of the right type and size, the answer to this address and
/// no other, fingerprints that are those of the packets, a state that fits the keys. Errors are of
/// fate retry.
Result<Answer> read_answer(std::string_view text, const Address& address);

}  // namespace maildircrypt
