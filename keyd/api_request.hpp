/// What a request asks for: a pure reading of method and target (keyd/API).
#pragma once

#include "keyd/api_action.hpp"
#include "keyd/api_reply.hpp"
#include "keyd/entry_name.hpp"
#include "seal/address.hpp"
#include "seal/key_plan.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace maildircrypt {

inline constexpr std::size_t default_page = 100;
inline constexpr std::size_t largest_page = 1000;

struct ApiRequest {
    Action action = Action::health;
    std::optional<Address> address;          ///< as it was written; lookup, check, and in `name`
    std::optional<EntryName> name;           ///< set for every action that is about one entry
    std::optional<Fingerprint> certificate;  ///< remove_certificate; lost_key: or a subkey
    bool any_user_id = false;          ///< add, check: the certificate need not bear the address
    bool keep_tombstone = false;       ///< remove: do not release the address
    std::string after;                 ///< lists: names behind this one
    std::int64_t after_sequence = 0;   ///< log: rows behind this one
    std::size_t limit = default_page;  ///< lists, log
    LogPosition noted;                 ///< verify_log: to compare with; no head: nothing
    std::string token;                 ///< backup_entries, backup_log
    KeyState clear_as = KeyState::no_key;  ///< report_clear: what the front end went by
};
/// Who may ask for this: what concerns a whole domain is the administrators'.
Role role_for(const ApiRequest& request);

/// The request, or what to answer instead.
std::variant<ApiRequest, ApiReply> parse_request(std::string_view method, std::string_view target);

}  // namespace maildircrypt
