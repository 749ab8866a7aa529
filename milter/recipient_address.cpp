#include "milter/recipient_address.hpp"

#include "seal/ascii.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

/// {rcpt_addr}, unless the MTA put an error text there (Postfix: {rcpt_mailer} is "error").
std::optional<std::string_view> canonical(const Macros& macros) {
    const auto mailer = macros.find("{rcpt_mailer}");
    if (mailer && *mailer == "error") return std::nullopt;
    return macros.find("{rcpt_addr}");
}

bool names_foreign_domain(std::string_view text, const PolicyConfig& config) {
    if (text.ends_with('>')) text.remove_suffix(1);
    const auto at = text.rfind('@');
    if (at == text.npos || config.domains.empty()) return false;
    text.remove_prefix(at + 1);
    if (text.ends_with('.')) text.remove_suffix(1);
    // Only what reads like a domain can be told apart from ours.
    const bool readable = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_ascii_alphanumeric(c) || c == '-' || c == '.' || c == '_';
    });
    const auto& ours = config.domains;
    return readable && std::find(ours.begin(), ours.end(), fold_ascii(text)) == ours.end();
}

}  // namespace

std::optional<Address> recipient_address(std::string_view argument, const Macros& macros,
                                         const std::string& origin) {
    if (const auto text = canonical(macros)) {
        if (auto address = Address::parse(*text)) return std::move(*address);
    }
    if (auto address = Address::parse(argument)) return std::move(*address);
    if (origin.empty() || argument.find('@') != argument.npos) return std::nullopt;
    if (argument.starts_with('<') && argument.ends_with('>'))
        argument = argument.substr(1, argument.size() - 2);
    if (auto address = Address::parse(std::string{argument} + '@' + origin))
        return std::move(*address);
    return std::nullopt;
}

std::optional<Address> typed_address(std::string_view argument, const Address& canonical) {
    auto address = Address::parse(argument);
    if (!address || *address == canonical) return std::nullopt;
    if (is_ascii(address->text())) return std::nullopt;
    return std::move(*address);
}

bool names_host(const Address& address) {
    return address.domain().starts_with('[');
}

bool may_be_ours(std::string_view argument, const Macros& macros, const PolicyConfig& config) {
    return !names_foreign_domain(canonical(macros).value_or(argument), config);
}

}  // namespace maildircrypt
