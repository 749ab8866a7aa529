#include "keyd/key_listing.hpp"

#include "base/bytes.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <span>

namespace maildircrypt {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

std::string flags_of(bool can_encrypt, bool revoked, bool invalid) {
    std::string flags;
    if (can_encrypt) flags += 'e';
    if (revoked) flags += 'r';
    if (invalid) flags += 'i';
    return flags.empty() ? "-" : flags;
}

std::string hex_of(std::string_view text) {
    std::string hex;
    for (const std::uint8_t octet : as_octets(text)) {
        hex += hex_digits[octet >> 4];
        hex += hex_digits[octet & 0x0f];
    }
    return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
    if (hex.size() % 2 != 0) return std::nullopt;
    std::string text;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const std::size_t high = hex_digits.find(hex[i]);
        const std::size_t low = hex_digits.find(hex[i + 1]);
        if (high == hex_digits.npos || low == hex_digits.npos) return std::nullopt;
        text += static_cast<char>(high << 4 | low);
    }
    return text;
}

std::optional<std::int64_t> number(std::string_view digits) {
    std::int64_t value = 0;
    const auto end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || stop != end || value < 0) return std::nullopt;
    return value;
}

/// Splits at single spaces; true when there are exactly as many words as asked for.
bool split(std::string_view line, std::span<std::string_view> words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool last = i + 1 == words.size();
        const std::size_t end = last ? line.size() : line.find(' ');
        if (end == line.npos) return false;
        words[i] = line.substr(0, end);
        line.remove_prefix(last ? end : end + 1);
    }
    return words.back().find(' ') == std::string_view::npos;
}

bool has(std::string_view flags, char flag) {
    return flags.find(flag) != flags.npos;
}

std::optional<ListedKey> parse_key(std::string_view line) {
    std::array<std::string_view, 5> words;
    if (!split(line, words)) return std::nullopt;
    const auto fingerprint = from_hex(words[1]);
    const auto created = number(words[2]);
    const auto expires = number(words[3]);
    ListedKey key;
    if (!fingerprint || fingerprint->size() != key.fingerprint.size() || !created || !expires)
        return std::nullopt;
    const Octets octets = as_octets(*fingerprint);
    std::copy(octets.begin(), octets.end(), key.fingerprint.begin());
    key.created = *created;
    key.expires = *expires;
    key.can_encrypt = has(words[4], 'e');
    key.revoked = has(words[4], 'r');
    key.invalid = has(words[4], 'i');
    return key;
}

std::optional<ListedUserId> parse_user_id(std::string_view line) {
    std::array<std::string_view, 3> words;
    const auto text = split(line, words) ? from_hex(words[2]) : std::nullopt;
    if (!text) return std::nullopt;
    return ListedUserId{*text, has(words[1], 'r'), has(words[1], 'i')};
}

Error unreadable() {
    return retry("gpg gave no whole answer about the certificate");
}

}  // namespace

std::string write_listing(const KeyListing& listing) {
    std::string text;
    for (const ListedKey& key : listing.keys)
        text += "key " + to_hex(key.fingerprint) + ' ' + std::to_string(key.created) + ' ' +
                std::to_string(key.expires) + ' ' +
                flags_of(key.can_encrypt, key.revoked, key.invalid) + '\n';
    for (const ListedUserId& user_id : listing.user_ids)
        text += "uid " + flags_of(false, user_id.revoked, user_id.invalid) + ' ' +
                hex_of(user_id.text) + '\n';
    return text + "end\n";
}

Result<KeyListing> parse_listing(std::string_view text) {
    KeyListing listing;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == text.npos) return unreadable();
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (line == "end") return text.empty() ? Result{listing} : unreadable();
        if (line.starts_with("error ")) return retry(std::string{line.substr(6)});
        if (line.starts_with("key ")) {
            const auto key = parse_key(line);
            if (!key) return unreadable();
            listing.keys.push_back(*key);
        } else {
            const auto user_id = line.starts_with("uid ") ? parse_user_id(line) : std::nullopt;
            if (!user_id) return unreadable();
            listing.user_ids.push_back(*user_id);
        }
    }
    return unreadable();
}

}  // namespace maildircrypt
