/// The supervisor's reading of arguments and messages: pure functions that need nothing but libc
/// (there is no libstdc++ to link with: string_view's members that throw are out of reach, hence
/// behind()).
#pragma once

#include "pipe/control.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace maildircrypt {

/// What stands behind the first `count` characters; empty when there are not more.
constexpr std::string_view behind(std::string_view text, std::size_t count) {
    text.remove_prefix(count < text.size() ? count : text.size());
    return text;
}

/// The decimal number that `text` is, whole; -1 when it is none or above `limit`.
constexpr std::int64_t parse_decimal(std::string_view text, std::int64_t limit) {
    if (text.empty()) return -1;
    std::int64_t number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return -1;
        const std::int64_t digit = c - '0';
        if (number > (limit - digit) / 10) return -1;
        number = 10 * number + digit;
    }
    return number;
}

/// Seconds from 1 to max_deadline; what is none leaves `otherwise`.
constexpr int parse_deadline(std::string_view text, int otherwise) {
    const std::int64_t seconds = parse_decimal(text, max_deadline);
    return seconds >= 1 ? static_cast<int>(seconds) : otherwise;
}

struct SupervisorArguments {
    int deadline = default_deadline;
    bool filter = false;
};

/// Looks for --deadline and --filter and never fails: the worker judges the arguments.
constexpr SupervisorArguments scan_arguments(int count, const char* const arguments[]) {
    constexpr std::string_view deadline = "--deadline";
    constexpr std::string_view deadline_with_value = "--deadline=";
    SupervisorArguments found;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument{arguments[i]};
        if (argument == "--filter") found.filter = true;
        if (argument == deadline && i + 1 < count)
            found.deadline = parse_deadline(arguments[i + 1], found.deadline);
        if (argument.starts_with(deadline_with_value))
            found.deadline =
                parse_deadline(behind(argument, deadline_with_value.size()), found.deadline);
    }
    return found;
}

/// Whether this is a request for help or version and certainly no delivery: the only argument.
constexpr bool asks_for_information(int count, const char* const arguments[]) {
    if (count != 2) return false;
    const std::string_view argument{arguments[1]};
    return argument == "--help" || argument == "--version";
}

/// `C.D.D text` with class `status_class` ('4' or '5') of RFC 3463 §2, printable ASCII, one line.
constexpr bool is_status_line(std::string_view line, char status_class) {
    constexpr std::string_view pattern = "C.D.D ";
    if (line.size() <= pattern.size() || line.size() > max_status_line) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool digit = line[i] >= '0' && line[i] <= '9';
        if (pattern[i] == 'C' ? line[i] != status_class
                              : (pattern[i] == 'D' ? !digit : line[i] != pattern[i]))
            return false;
    }
    for (const char c : line) {
        if (c < ' ' || c > '~') return false;
    }
    return true;
}

/// The flags word (field 9 of proc(5)) of a /proc/PID/stat line; -1 when it is not understood.
/// Field 2, the command's name, may hold anything, so fields are counted from its last parenthesis.
constexpr std::int64_t process_flags(std::string_view stat_line) {
    constexpr int spaces_before_flags = 7;
    const auto name_end = stat_line.rfind(')');
    if (name_end == stat_line.npos) return -1;
    stat_line.remove_prefix(name_end);
    for (int i = 0; i < spaces_before_flags; ++i) {
        const auto space = stat_line.find(' ');
        if (space == stat_line.npos) return -1;
        stat_line.remove_prefix(space + 1);
    }
    const auto end = stat_line.find(' ');
    if (end == stat_line.npos) return -1;
    stat_line.remove_suffix(stat_line.size() - end);
    return parse_decimal(stat_line, UINT32_MAX);
}

}  // namespace maildircrypt
