#include "seal/header.hpp"

#include "seal/ascii.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

std::string_view without_line_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// ftext of RFC 5322 §3.6.8; obsolete syntax (§4.5) has blanks before the colon.
std::string_view field_name(std::string_view line) {
    std::size_t end = 0;
    while (end < line.size() && line[end] > ' ' && line[end] < '\x7f' && line[end] != ':') ++end;
    std::size_t colon = end;
    while (colon < line.size() && is_blank(line[colon])) ++colon;
    return colon < line.size() && line[colon] == ':' ? line.substr(0, end) : std::string_view{};
}

}  // namespace

bool HeaderScanner::take_line(std::string_view line) {
    if (without_line_end(line).empty()) {
        separator_ = line.size();
        return false;
    }
    const bool continuation = length_ > 0 && is_blank(line.front());
    if (!continuation) {
        if (fields_ == max_header_fields || field_name(line).empty()) return false;
        ++fields_;
    }
    length_ += line.size();
    searched_ = length_;
    return true;
}

bool HeaderScanner::scan(std::string_view text) {
    while (!ended_) {
        const std::size_t line_end = text.find('\n', searched_);
        if (line_end == text.npos) {
            searched_ = text.size();
            return false;
        }
        ended_ = !take_line(text.substr(length_, line_end + 1 - length_));
    }
    return true;
}

void HeaderScanner::finish(std::string_view text) {
    if (!scan(text) && length_ < text.size()) take_line(text.substr(length_));
    ended_ = true;
}

std::vector<HeaderField> split_fields(std::string_view text) {
    std::vector<HeaderField> fields;
    while (!text.empty()) {
        std::size_t end = 0;
        do {
            end = std::min(text.find('\n', end), text.size() - 1) + 1;
        } while (end < text.size() && is_blank(text[end]));
        HeaderField field{text.substr(0, end), field_name(text.substr(0, end)), {}};
        const std::size_t colon = field.text.find(':', field.name.size());
        field.value = without_line_end(field.text.substr(colon + 1));
        fields.push_back(field);
        text.remove_prefix(end);
    }
    return fields;
}

const HeaderField* find_field(const std::vector<HeaderField>& fields, std::string_view name) {
    for (const auto& field : fields)
        if (same_name(field.name, name)) return &field;
    return nullptr;
}

std::size_t count_fields(const std::vector<HeaderField>& fields, std::string_view name) {
    return static_cast<std::size_t>(
        std::count_if(fields.begin(), fields.end(),
                      [name](const HeaderField& field) { return same_name(field.name, name); }));
}

}  // namespace maildircrypt
