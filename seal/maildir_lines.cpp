#include "seal/maildir_lines.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace maildircrypt {
namespace {

constexpr std::string_view crlf = "\r\n";

std::string with_line_feeds(const std::string& text) {
    std::string converted;
    converted.reserve(text.size());
    std::string_view rest = text;
    for (auto at = rest.find(crlf); at != rest.npos; at = rest.find(crlf)) {
        converted += rest.substr(0, at);
        converted += '\n';
        rest.remove_prefix(at + crlf.size());
    }
    converted += rest;
    return converted;
}

}  // namespace

Result<void> MaildirLines::header(const OuterHeader& header) {
    OuterHeader converted = header;
    for (auto& field : converted.fields) field.text = with_line_feeds(field.text);
    converted.separator = with_line_feeds(header.separator);
    return output_.header(converted);
}

Result<void> MaildirLines::write(std::string_view text) {
    return text.empty() ? Result<void>{} : output_.body(Deliverable{text});
}

Result<void> MaildirLines::body(Deliverable piece) {
    std::string_view text = piece.text();
    if (text.empty()) return {};
    if (std::exchange(held_cr_, false) && text.front() != '\n') {
        if (auto written = write("\r"); !written) return written;
    }
    if (text.back() == '\r') {
        held_cr_ = true;
        text.remove_suffix(1);
    }
    while (!text.empty()) {
        const auto line = std::min(text.find(crlf), text.size());
        if (auto written = write(text.substr(0, line)); !written) return written;
        text.remove_prefix(std::min(line + 1, text.size()));  // the LF begins the next piece
    }
    return {};
}

Result<void> MaildirLines::finish() {
    return std::exchange(held_cr_, false) ? write("\r") : Result<void>{};
}

}  // namespace maildircrypt
