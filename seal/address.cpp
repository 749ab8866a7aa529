#include "seal/address.hpp"

#include "seal/ascii.hpp"

#include <algorithm>
#include <optional>

namespace maildircrypt {
namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
bool is_non_ascii(char c) {
    return static_cast<unsigned char>(c) >= 0x80;
}

/// atext of RFC 5322 §3.2.3 and the non-ASCII of RFC 6531 §3.3.
bool is_atext(char c) {
    constexpr std::string_view specials = "!#$%&'*+-/=?^_`{|}~";
    return is_ascii_alphanumeric(c) || is_non_ascii(c) || specials.find(c) != specials.npos;
}

bool is_dot_atom(std::string_view text) {
    if (text.empty() || text.front() == '.' || text.back() == '.') return false;
    if (text.find("..") != text.npos) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_atext(c); });
}

struct Unquoted {
    std::string text;
    std::size_t length;  ///< of the quoted string, quotes included
};

/// Reads the quoted string (RFC 5321 §4.1.2) at the start of `text`.
std::optional<Unquoted> read_quoted(std::string_view text) {
    Unquoted result{{}, 0};
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            result.length = i + 1;
            return result;
        }
        if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
        if (is_control(text[i])) return std::nullopt;
        result.text += text[i];
    }
    return std::nullopt;
}

std::string quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

/// Labels of letters, digits, hyphens, underscores and non-ASCII; or an address literal.
bool is_domain(std::string_view domain) {
    if (domain.empty() || domain.size() > max_domain) return false;
    const bool literal = domain.size() > 2 && domain.front() == '[' && domain.back() == ']';
    if (literal) domain = domain.substr(1, domain.size() - 2);
    if (domain.front() == '.' || domain.back() == '.') return false;
    if (domain.find("..") != domain.npos) return false;
    return std::all_of(domain.begin(), domain.end(), [literal](char c) {
        return is_ascii_alphanumeric(c) || is_non_ascii(c) || c == '-' || c == '.' || c == '_' ||
               (literal && c == ':');
    });
}

}  // namespace

std::string unquoted(std::string_view local) {
    if (!local.starts_with('"')) return std::string{local};
    const auto quoted = read_quoted(local);
    return quoted ? quoted->text : std::string{local};
}

std::string quoted_where_needed(std::string_view name) {
    return is_dot_atom(name) ? std::string{name} : quote(name);
}

Result<Address> Address::parse(std::string_view text, const AddressLimits& limits) {
    if (text.size() >= 2 && text.front() == '<' && text.back() == '>')
        text = text.substr(1, text.size() - 2);
    if (text.empty()) return refuse("the address is empty");
    std::string local;
    std::size_t at = 0;
    if (text.front() == '"') {
        auto quoted = read_quoted(text);
        if (!quoted) return refuse("the quotes in the local part do not end");
        at = quoted->length;
        local = std::move(quoted->text);
        if (local.empty()) return refuse("the local part is empty");
    } else {
        at = std::min(text.find('@'), text.size());
        local = text.substr(0, at);
        if (!is_dot_atom(local)) return refuse("the local part has characters that need quotes");
    }
    if (at >= text.size() || text[at] != '@')
        return refuse("not an address of the form name@domain");
    std::string_view domain = text.substr(at + 1);
    if (domain.size() > 1 && domain.back() == '.') domain.remove_suffix(1);
    if (!is_domain(domain))
        return refuse("the domain is empty or has characters that no domain has");
    local = quoted_where_needed(local);
    if (local.size() > limits.local_part)
        return refuse("the local part is longer than " + std::to_string(limits.local_part) +
                      " octets");
    const std::size_t local_size = local.size();
    std::string folded = fold_ascii(local + '@' + std::string{domain});
    if (folded.size() > limits.address)
        return refuse("the address is longer than " + std::to_string(limits.address) + " octets");
    return Address{std::move(folded), local_size};
}

std::optional<Address> without_detail(const Address& address, std::string_view delimiters) {
    const std::string_view local = address.local();
    const bool quoted = local.starts_with('"');
    const std::size_t begin = quoted ? 1 : 0;
    const auto cut = local.find_first_of(delimiters, begin);
    if (cut == local.npos || cut == begin) return std::nullopt;
    auto shorter = Address::parse(std::string{local.substr(0, cut)} + (quoted ? "\"@" : "@") +
                                  std::string{address.domain()});
    if (!shorter) return std::nullopt;
    return std::move(*shorter);
}

}  // namespace maildircrypt
