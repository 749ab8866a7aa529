#include "admin/sealed_message.hpp"

#include "seal/content_type.hpp"
#include "seal/header.hpp"
#include "seal/pgp_mime_judge.hpp"
#include "seal/provenance.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace maildircrypt {
namespace {

/// A header and what follows it.
struct Entity {
    std::vector<HeaderField> fields;
    std::string_view body;
};

Entity split(std::string_view text) {
    HeaderScanner scanner;
    scanner.finish(text);
    return {split_fields(text.substr(0, scanner.length())),
            text.substr(scanner.length() + scanner.separator())};
}

/// Reads a multipart body line by line, RFC 2046 §5.1.1.
class Parts {
public:
    Parts(std::string_view body, const std::string& boundary)
        : body_(body), delimiter_("--" + boundary) {}

    /// The text up to the next delimiter line, or nothing when there is none. The line end before
    /// the delimiter belongs to it.
    std::optional<std::string_view> next() {
        const std::string_view rest = body_.substr(at_);
        std::size_t line = at_;
        while (line < body_.size()) {
            const std::size_t end = std::min(body_.find('\n', line), body_.size() - 1) + 1;
            const auto text = body_.substr(line, end - line);
            if (is_delimiter(text)) {
                const auto part = rest.substr(0, line - at_);
                at_ = end;
                return part;
            }
            line = end;
        }
        return std::nullopt;
    }
    bool closed() const { return closed_; }

private:
    bool is_delimiter(std::string_view line) {
        if (!line.starts_with(delimiter_)) return false;
        line.remove_prefix(delimiter_.size());
        closed_ = line.starts_with("--");
        if (closed_) line.remove_prefix(2);
        return line.find_first_not_of(" \t\r\n") == line.npos;
    }

    std::string_view body_;
    std::string delimiter_;
    std::size_t at_ = 0;
    bool closed_ = false;
};

bool is_of_type(const Entity& part, std::string_view type, std::string_view subtype) {
    const HeaderField* field = find_field(part.fields, "content-type");
    const auto content_type = field ? parse_content_type(field->value) : std::nullopt;
    return content_type && content_type->is(type, subtype);
}

/// From the first armour line to the end of the last one.
std::optional<std::string_view> armour_in(std::string_view text) {
    constexpr std::string_view head = "-----BEGIN PGP MESSAGE-----";
    constexpr std::string_view tail = "-----END PGP MESSAGE-----";
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (start == text.npos || !text.substr(start).starts_with(head)) return std::nullopt;
    const std::size_t end = text.find(tail, start);
    if (end == text.npos) return std::nullopt;
    if (text.find_first_not_of(" \t\r\n", end + tail.size()) != text.npos) return std::nullopt;
    return text.substr(start, end + tail.size() - start);
}

}  // namespace

bool says_sealed(std::string_view message) {
    const auto fields = split(message).fields;
    if (count_fields(fields, provenance_name) != 1) return false;
    std::string_view verdict = find_field(fields, provenance_name)->value;
    verdict = verdict.substr(0, verdict.find(';'));
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t start = std::min(verdict.find_first_not_of(blanks), verdict.size());
    const std::size_t end = verdict.find_last_not_of(blanks) + 1;
    return verdict.substr(start, end - start) == "sealed";
}

Result<std::string_view> find_armour(std::string_view message) {
    const Entity root = split(message);
    const auto boundary = pgp_mime_boundary(root.fields);
    if (!boundary) return refuse("it is not multipart/encrypted");
    Parts parts{root.body, *boundary};
    const auto preamble = parts.next();
    const auto control = parts.next();
    const auto data = parts.next();
    if (!preamble || !control || !data || !parts.closed())
        return refuse("it has not the two parts of PGP/MIME");
    const Entity encrypted = split(*data);
    if (!is_of_type(split(*control), "application", "pgp-encrypted") ||
        !is_of_type(encrypted, "application", "octet-stream"))
        return refuse("its parts are not those of PGP/MIME");
    const auto armour = armour_in(encrypted.body);
    if (!armour) return refuse("its second part is not one OpenPGP message");
    return *armour;
}

}  // namespace maildircrypt
