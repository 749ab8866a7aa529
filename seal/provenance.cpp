#include "seal/provenance.hpp"

#include "seal/ascii.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

std::string provenance(std::string_view verdict, std::string_view host) {
    return std::string{provenance_name} + ": " + std::string{verdict} +
           "; host=" + std::string{host};
}

std::string_view trim_white_space(std::string_view text) {
    constexpr std::string_view white_space = " \t\r\n";
    const std::size_t start = std::min(text.find_first_not_of(white_space), text.size());
    return text.substr(start, text.find_last_not_of(white_space) + 1 - start);
}

/// Up to the next semicolon; takes both away.
std::string_view take_item(std::string_view& text) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return trim_white_space(item);
}

}  // namespace

std::string sealed_provenance(std::string_view host, const LogPosition& log,
                              std::span<const EncryptionKey> keys, bool anonymous) {
    std::string field = provenance("sealed", host);
    field += ";\n log=" + std::to_string(log.sequence) + ':' + log.head;
    if (anonymous) return field;
    std::string_view separator = ";\n keys=";
    for (const auto& key : keys) {
        field += separator;
        field += to_hex(key.fingerprint);
        separator = ",\n ";
    }
    return field;
}

std::string clear_provenance(std::string_view host, std::string_view reason) {
    return provenance("clear", host) + "; reason=" + std::string{reason};
}

std::string end_to_end_provenance(std::string_view host) {
    return provenance("end-to-end", host);
}

bool says_treated_by(std::string_view value, std::span<const std::string> hosts) {
    constexpr std::string_view key = "host=";
    const std::string_view verdict = take_item(value);
    if (verdict != "sealed" && verdict != "end-to-end") return false;
    const std::string_view host = take_item(value);
    return host.starts_with(key) &&
           std::any_of(hosts.begin(), hosts.end(), [&](std::string_view known) {
               return same_name(host.substr(key.size()), known);
           });
}

}  // namespace maildircrypt
