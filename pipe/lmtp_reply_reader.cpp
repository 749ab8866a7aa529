#include "pipe/lmtp_reply_reader.hpp"

#include "pipe/lmtp_limits.hpp"

#include <algorithm>
#include <utility>

namespace maildircrypt::lmtp {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The length of an enhanced code (RFC 3463 §2: class "." 1*3digit "." 1*3digit) that `text` begins
/// with; 0 when there is none.
std::size_t enhanced_length(std::string_view text) {
    std::size_t at = 0;
    for (int part = 0; part < 3; ++part) {
        if (part > 0 && (at >= text.size() || text[at++] != '.')) return 0;
        const std::size_t start = at;
        while (at < text.size() && is_digit(text[at])) ++at;
        if (at == start || at - start > (part == 0 ? 1U : 3U)) return 0;
    }
    return at == text.size() || text[at] == ' ' ? at : 0;
}

}  // namespace

Reply ReplyLines::summary() const {
    const std::string_view last = lines.empty() ? std::string_view{} : lines.back();
    const std::size_t length = enhanced_length(last);
    const std::string_view text = last.substr(std::min(length == 0 ? 0 : length + 1, last.size()));
    return {code, std::string{last.substr(0, length)}, std::string{text}, {}};
}

Result<std::optional<ReplyLines>> ReplyReader::next(std::string_view& input) {
    while (!input.empty()) {
        const auto end = input.find('\n');
        const std::size_t length = std::min(end, input.size());
        if (line_.size() + length > max_reply_line) return retry("a reply line is too long");
        line_ += input.substr(0, length);
        input.remove_prefix(length);
        if (end == input.npos) break;
        input.remove_prefix(1);
        auto last = take_line();
        if (!last) return last.error();
        if (*last) return std::optional{std::exchange(reply_, {})};
    }
    return std::optional<ReplyLines>{};
}

/// True when it was the last line of its reply.
Result<bool> ReplyReader::take_line() {
    std::string line = std::exchange(line_, {});
    if (line.ends_with('\r')) line.pop_back();
    const bool numbered = line.size() >= 3 && is_digit(line[0]) && is_digit(line[1]) &&
                          is_digit(line[2]) && line[0] >= '1' && line[0] <= '5';
    const char separator = line.size() > 3 ? line[3] : ' ';
    if (!numbered || (separator != ' ' && separator != '-')) return retry("a line is no reply");
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (!reply_.lines.empty() && code != reply_.code) return retry("a reply has two codes");
    if (reply_.lines.size() == max_reply_lines) return retry("a reply has too many lines");
    reply_.code = code;
    reply_.lines.push_back(line.substr(std::min<std::size_t>(4, line.size())));
    return separator == ' ';
}

}  // namespace maildircrypt::lmtp
