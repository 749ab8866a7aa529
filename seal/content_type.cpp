#include "seal/content_type.hpp"

#include "seal/ascii.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

/// A cursor over a structured field value. Each take_ function consumes what it names or nothing.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) {}

    std::size_t offset() const { return at_; }
    bool at_end() const { return at_ == text_.size(); }

    bool take(char wanted) {
        if (at_end() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }

    /// Blanks, line ends and comments (RFC 5322 §3.2.2); false when a comment does not end.
    bool take_blanks_and_comments() {
        while (!at_end()) {
            const char c = text_[at_];
            if (c == '(') {
                if (!take_comment()) return false;
            } else if (is_blank(c) || c == '\r' || c == '\n') {
                ++at_;
            } else {
                break;
            }
        }
        return true;
    }

    /// RFC 2045 §5.1 token.
    std::string_view take_token() {
        constexpr std::string_view specials = "()<>@,;:\\\"/[]?=";
        const std::size_t start = at_;
        while (!at_end() && text_[at_] > ' ' && text_[at_] < '\x7f' &&
               specials.find(text_[at_]) == specials.npos)
            ++at_;
        return text_.substr(start, at_ - start);
    }

    std::optional<std::string> take_quoted_string() {
        const std::size_t start = at_;
        if (!take('"')) return std::nullopt;
        std::string value;
        while (!at_end()) {
            const char c = text_[at_++];
            if (c == '"') return value;
            if (c == '\\') {
                if (at_end()) break;
                value += text_[at_++];
            } else if (c != '\r' && c != '\n') {
                value += c;
            }
        }
        at_ = start;
        return std::nullopt;
    }

private:
    bool take_comment() {
        int depth = 0;
        while (!at_end()) {
            const char c = text_[at_++];
            if (c == '(') ++depth;
            if (c == ')' && --depth == 0) return true;
            if (c == '\\' && !at_end()) ++at_;
        }
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// `name=value` with its value as token or quoted string.
bool read_parameter(Cursor& cursor, ContentType& content_type) {
    const auto name = cursor.take_token();
    if (name.empty() || !cursor.take_blanks_and_comments() || !cursor.take('=') ||
        !cursor.take_blanks_and_comments())
        return false;
    auto value = cursor.take_quoted_string();
    if (!value) value = cursor.take_token();
    if (value->empty() && cursor.at_end()) return false;
    content_type.parameters.emplace_back(fold_ascii(name), std::move(*value));
    return true;
}

bool read_parameters(Cursor& cursor, ContentType& content_type) {
    for (;;) {
        if (!cursor.take_blanks_and_comments()) return false;
        if (cursor.at_end()) return true;
        if (!cursor.take(';')) return false;
        if (!cursor.take_blanks_and_comments()) return false;
        if (cursor.at_end()) return true;  // a last semicolon is common and harmless
        if (!read_parameter(cursor, content_type)) return false;
    }
}

}  // namespace

const std::string* ContentType::parameter(std::string_view name) const {
    const std::string* found = nullptr;
    for (const auto& [parameter_name, value] : parameters) {
        if (parameter_name != name) continue;
        if (found != nullptr) return nullptr;
        found = &value;
    }
    return found;
}

std::optional<ContentType> parse_content_type(std::string_view value) {
    Cursor cursor{value};
    if (!cursor.take_blanks_and_comments()) return std::nullopt;
    ContentType content_type;
    content_type.type = fold_ascii(cursor.take_token());
    if (!cursor.take('/')) return std::nullopt;
    content_type.subtype = fold_ascii(cursor.take_token());
    if (content_type.type.empty() || content_type.subtype.empty()) return std::nullopt;
    content_type.subtype_end = cursor.offset();
    content_type.well_formed = read_parameters(cursor, content_type);
    return content_type;
}

}  // namespace maildircrypt
