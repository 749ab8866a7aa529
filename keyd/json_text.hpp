/// JSON as it comes from outside: files, requests.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace maildircrypt {

/// Arrays and objects within each other. What keyd writes and takes has 8 at most.
inline constexpr int max_json_depth = 32;

/// `is_discarded()` when `text` is not JSON, or is nested deeper than max_json_depth: copying and
/// writing recurse in this library, so that deeper values could end the process. Throws nothing.
inline nlohmann::json parse_json(std::string_view text) {
    using nlohmann::json;
    bool too_deep = false;
    const auto keep = [&too_deep](int around, json::parse_event_t event, json&) {
        using Event = json::parse_event_t;
        const bool opens = event == Event::object_start || event == Event::array_start;
        too_deep = too_deep || (opens && around >= max_json_depth);
        return !too_deep;
    };
    json value = json::parse(text, keep, false);
    return too_deep ? json(json::value_t::discarded) : value;
}

}  // namespace maildircrypt
