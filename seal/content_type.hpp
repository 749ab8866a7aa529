/// Content-Type fields, RFC 2045 §5.1: read strictly, so that what every reader sees alike is told
/// from the rest.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maildircrypt {

struct ContentType {
    std::string type;             ///< folded: "multipart"
    std::string subtype;          ///< folded: "mixed"
    std::size_t subtype_end = 0;  ///< offset in the value just behind the subtype
    /// Names folded, values unquoted, in order. Only meaningful when well_formed.
    std::vector<std::pair<std::string, std::string>> parameters;
    bool well_formed = false;  ///< everything behind the subtype follows the grammar

    bool is(std::string_view wanted_type, std::string_view wanted_subtype) const {
        return type == wanted_type && subtype == wanted_subtype;
    }
    /// Null unless there is exactly one parameter of that name (folded).
    const std::string* parameter(std::string_view name) const;
};

/// Empty when no `type/subtype` can be read. `value` is what follows the colon, folding included.
std::optional<ContentType> parse_content_type(std::string_view value);

}  // namespace maildircrypt
