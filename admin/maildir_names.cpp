#include "admin/maildir_names.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

std::string_view info_of(std::string_view name) {
    const std::size_t colon = name.find(':');
    return colon == name.npos ? std::string_view{} : name.substr(colon);
}

bool is_size(std::string_view item) {
    return (item.starts_with("S=") || item.starts_with("W=")) && item.size() > 2 &&
           item.find_first_not_of("0123456789", 2) == item.npos;
}

}  // namespace

std::string unique_name(std::string_view name) {
    std::string_view rest = name.substr(0, name.size() - info_of(name).size());
    if (rest.empty()) return std::string{name};
    std::string result;
    for (bool first = true; !rest.empty(); first = false) {
        const std::size_t end = std::min(rest.find(',', 1), rest.size());
        const std::string_view item = rest.substr(0, end);
        if (first || !is_size(item.substr(1))) result += item;
        rest.remove_prefix(end);
    }
    return result;
}

std::string name_without_sizes(std::string_view name) {
    const auto info = info_of(name);
    return info.size() == name.size() ? std::string{name} : unique_name(name).append(info);
}

}  // namespace maildircrypt
