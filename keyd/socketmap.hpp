/// Postfix's socketmap protocol (socketmap_table(5)): netstrings, `sealed ADDRESS` and
/// `exists ADDRESS`. The same as lines, for Exim's ${readsocket}.
#pragma once

#include "base/result.hpp"
#include "seal/address.hpp"
#include "seal/key_plan.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace maildircrypt {

inline constexpr std::size_t max_socketmap_query = 1024;  ///< octets within the netstring

/// The netstring at the start of what has been read so far.
struct Netstring {
    enum class State { complete, incomplete, broken };
    State state = State::incomplete;
    std::string_view payload;  ///< of the input, when complete
    std::size_t size = 0;      ///< with length and comma, when complete
};
/// Longer than max_socketmap_query is broken.
Netstring read_netstring(std::string_view input);
std::string write_netstring(std::string_view payload);

/// A line ended by LF or CRLF, which is not part of the payload; within the same limit.
Netstring read_line(std::string_view input);
/// Whether the client speaks in lines: a netstring begins with a digit, a query never does.
bool speaks_in_lines(std::string_view input);

/// The reply to one query, without the netstring around it:
///   sealed  "OK sealed" when there are keys that mail is sealed to; TEMP when they are revoked or
///           only a tombstone is left: such mail is not to be delivered now
///   exists  "OK sealed" when the address has, or had, a key: mail that the guard must see
/// both: "NOTFOUND " only when the healthy store says that there never was a key, or for a query
/// that is no address (Postfix asks for whole domains too); "TEMP reason" in every other case.
std::string answer_socketmap(std::string_view query,
                             const std::function<Result<KeyState>(const Address&)>& state_of);

}  // namespace maildircrypt
