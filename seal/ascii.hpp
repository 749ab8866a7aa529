/// Case and character classes of ASCII, whatever the locale says.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace maildircrypt {

constexpr char fold_ascii(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string fold_ascii(std::string_view text) {
    std::string folded{text};
    for (char& c : folded) c = fold_ascii(c);
    return folded;
}

constexpr bool is_ascii_alphanumeric(char c) {
    const char folded = fold_ascii(c);
    return (folded >= 'a' && folded <= 'z') || (c >= '0' && c <= '9');
}

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

inline bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Equal but for the case of ASCII letters.
inline bool same_name(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return fold_ascii(a) == fold_ascii(b); });
}

/// Whether `text` begins with `prefix`, but for the case of ASCII letters.
inline bool has_prefix(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && same_name(text.substr(0, prefix.size()), prefix);
}

inline std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace maildircrypt
