#include "keyd/encoding.hpp"

#include "seal/ascii.hpp"
#include "seal/base64.hpp"

#include <algorithm>

#include <openssl/evp.h>

namespace maildircrypt {
namespace {

std::optional<std::uint8_t> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    return std::nullopt;
}

std::optional<std::uint8_t> hex_octet(std::string_view pair) {
    if (pair.size() < 2) return std::nullopt;
    const auto high = hex_digit(pair[0]);
    const auto low = hex_digit(pair[1]);
    if (!high || !low) return std::nullopt;
    return static_cast<std::uint8_t>(*high << 4 | *low);
}

/// How many octets follow the first octet of a UTF-8 sequence, and the range of the second one.
struct Utf8Lead {
    std::size_t tail;
    std::uint8_t low;
    std::uint8_t high;
};

/// The table of RFC 3629 §4.
std::optional<Utf8Lead> utf8_lead(std::uint8_t octet) {
    if (octet < 0x80) return Utf8Lead{0, 0, 0};
    if (octet >= 0xc2 && octet <= 0xdf) return Utf8Lead{1, 0x80, 0xbf};
    if (octet == 0xe0) return Utf8Lead{2, 0xa0, 0xbf};
    if (octet == 0xed) return Utf8Lead{2, 0x80, 0x9f};
    if (octet >= 0xe1 && octet <= 0xef) return Utf8Lead{2, 0x80, 0xbf};
    if (octet == 0xf0) return Utf8Lead{3, 0x90, 0xbf};
    if (octet >= 0xf1 && octet <= 0xf3) return Utf8Lead{3, 0x80, 0xbf};
    if (octet == 0xf4) return Utf8Lead{3, 0x80, 0x8f};
    return std::nullopt;
}

}  // namespace

std::string hex_text(Octets octets) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(octets.size() * 2);
    for (const std::uint8_t octet : octets) {
        text += digits[octet >> 4];
        text += digits[octet & 15];
    }
    return text;
}

std::optional<Fingerprint> parse_fingerprint(std::string_view text) {
    Fingerprint fingerprint{};
    if (text.size() != fingerprint.size() * 2) return std::nullopt;
    for (std::size_t i = 0; i < fingerprint.size(); ++i) {
        const auto octet = hex_octet(text.substr(2 * i, 2));
        if (!octet) return std::nullopt;
        fingerprint[i] = *octet;
    }
    return fingerprint;
}

bool is_lower_hex(std::string_view text, std::size_t length) {
    return text.size() == length && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::string base64_text(Octets octets) {
    std::string text(base64_size(octets.size()), '=');
    encode_base64(octets, text);
    return text;
}

std::optional<OctetString> parse_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    OctetString octets(text.size() / 4 * 3);
    const Octets source = as_octets(text);
    const int length =
        EVP_DecodeBlock(octets.data(), source.data(), static_cast<int>(source.size()));
    if (length < 0 || static_cast<std::size_t>(length) != octets.size()) return std::nullopt;
    const std::size_t padding = text.size() - std::min(text.size(), text.find('='));
    if (padding > 2) return std::nullopt;
    octets.resize(octets.size() - padding);
    // EVP_DecodeBlock skips white space and ignores stray bits: only the one right text passes.
    if (base64_text(octets) != text) return std::nullopt;
    return octets;
}

std::string percent_encode(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        if (is_ascii_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            encoded += c;
        } else {
            encoded += '%' + hex_text(as_octets({&c, 1}));
        }
    }
    return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const auto octet = hex_octet(text.substr(i + 1, 2));
        if (!octet) return std::nullopt;
        decoded += static_cast<char>(*octet);
        i += 2;
    }
    return decoded;
}

bool is_utf8(std::string_view text) {
    const Octets octets = as_octets(text);
    for (std::size_t i = 0; i < octets.size();) {
        const auto lead = utf8_lead(octets[i]);
        if (!lead || octets.size() - i <= lead->tail) return false;
        for (std::size_t n = 1; n <= lead->tail; ++n) {
            const std::uint8_t octet = octets[i + n];
            if (octet < (n == 1 ? lead->low : 0x80) || octet > (n == 1 ? lead->high : 0xbf))
                return false;
        }
        i += lead->tail + 1;
    }
    return true;
}

}  // namespace maildircrypt
