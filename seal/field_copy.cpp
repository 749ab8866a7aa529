#include "seal/field_copy.hpp"

#include <algorithm>
#include <span>

namespace maildircrypt {

FieldCopy copy_field(std::string_view field, LineEnd line_end) {
    FieldCopy copy;
    copy.text.reserve(field.size() + 16);
    while (!field.empty()) {
        const std::size_t end = std::min(field.find('\n'), field.size());
        std::string_view line = field.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        const std::size_t start = copy.text.size();
        copy.text += line;
        for (char& c : std::span{copy.text}.subspan(start)) {
            if (c != '\r' && c != '\0') continue;
            c = ' ';
            copy.changed = true;
        }
        copy.text += text_of(line_end);
        field.remove_prefix(std::min(end + 1, field.size()));
    }
    return copy;
}

}  // namespace maildircrypt
