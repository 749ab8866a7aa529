#include "pipe/lmtp_command.hpp"

#include "seal/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace maildircrypt::lmtp {
namespace {

constexpr std::array<std::pair<std::string_view, Verb>, 19> verbs{
    {{"LHLO", Verb::lhlo},
     {"MAIL", Verb::mail},
     {"RCPT", Verb::rcpt},
     {"DATA", Verb::data},
     {"BDAT", Verb::bdat},
     {"RSET", Verb::rset},
     {"NOOP", Verb::noop},
     {"QUIT", Verb::quit},
     {"VRFY", Verb::vrfy},
     {"HELP", Verb::help},
     {"XFORWARD", Verb::xforward},
     {"HELO", Verb::helo},
     {"EHLO", Verb::helo},
     {"EXPN", Verb::unimplemented},
     {"AUTH", Verb::unimplemented},
     {"STARTTLS", Verb::unimplemented},
     {"ETRN", Verb::unimplemented},
     {"TURN", Verb::unimplemented},
     {"XCLIENT", Verb::unimplemented}}};

/// The length of `<path>` at the start of `text`, brackets included; 0 when it does not end.
std::size_t path_length(std::string_view text) {
    bool quoted = false;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (quoted && text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && (text[i] == '<' || is_blank(text[i]))) {
            return 0;
        } else if (!quoted && text[i] == '>') {
            return i + 1;
        }
    }
    return 0;
}

/// `<@a,@b:local@domain>` is `<local@domain>`.
std::string without_route(std::string_view path) {
    if (!path.starts_with("<@")) return std::string{path};
    const auto colon = path.find(':');
    return colon == path.npos ? std::string{path} : '<' + std::string{path.substr(colon + 1)};
}

bool is_parameter_name(std::string_view name) {
    return !name.empty() && name.front() != '-' &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_ascii_alphanumeric(c) || c == '-'; });
}

std::string upper_case(std::string_view text) {
    std::string upper{text};
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return upper;
}

}  // namespace

Command parse_command(std::string_view line) {
    line = trim_blanks(line);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = line.substr(0, end);
    const auto found = std::find_if(verbs.begin(), verbs.end(),
                                    [&](const auto& verb) { return same_name(verb.first, word); });
    return {found == verbs.end() ? Verb::unknown : found->second, trim_blanks(line.substr(end))};
}

Result<Path> parse_path(std::string_view argument, std::string_view keyword) {
    if (!has_prefix(argument, keyword)) return refuse(std::string{keyword} + " is missing");
    argument = trim_blanks(argument.substr(keyword.size()));  // a blank behind the colon is common
    const std::size_t length = argument.starts_with('<') ? path_length(argument) : 0;
    if (length == 0) return refuse("the address is not in angle brackets");
    Path path{without_route(argument.substr(0, length)), {}};
    argument.remove_prefix(length);
    if (!argument.empty() && !is_blank(argument.front()))
        return refuse("something stands behind the address");
    for (argument = trim_blanks(argument); !argument.empty(); argument = trim_blanks(argument)) {
        const std::size_t end = std::min(argument.find_first_of(" \t"), argument.size());
        const std::string_view word = argument.substr(0, end);
        const std::size_t equals = std::min(word.find('='), word.size());
        const std::string_view name = word.substr(0, equals);
        const std::string_view value = word.substr(std::min(equals + 1, word.size()));
        if (!is_parameter_name(name) || (equals < word.size() && value.empty()))
            return refuse("a parameter is malformed");
        path.parameters.push_back({upper_case(name), std::string{value}});
        argument.remove_prefix(end);
    }
    return path;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    constexpr std::size_t max_digits = 20;
    if (text.empty() || text.size() > max_digits) return std::nullopt;
    std::uint64_t size = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, size);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return size;
}

std::optional<Chunk> parse_chunk(std::string_view argument) {
    const std::size_t end = std::min(argument.find_first_of(" \t"), argument.size());
    const auto size = parse_size(argument.substr(0, end));
    const std::string_view rest = trim_blanks(argument.substr(end));
    if (!size || (!rest.empty() && !same_name(rest, "LAST"))) return std::nullopt;
    return Chunk{*size, !rest.empty()};
}

bool is_xtext(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '=') return false;
        if (text[i] != '+') continue;
        if (i + 2 >= text.size() || digits.find(text[i + 1]) == digits.npos ||
            digits.find(text[i + 2]) == digits.npos)
            return false;
        i += 2;
    }
    return !text.empty();
}

}  // namespace maildircrypt::lmtp
