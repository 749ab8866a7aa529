/// The text encodings of keyd's protocols: hexadecimal, base64, percent-encoding, and what is
/// UTF-8.
#pragma once

#include "base/bytes.hpp"
#include "seal/key_plan.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maildircrypt {

/// Lower-case hexadecimal digits.
std::string hex_text(Octets octets);
/// Exactly 40 hexadecimal digits of either case.
std::optional<Fingerprint> parse_fingerprint(std::string_view text);
/// Whether `text` is `length` lower-case hexadecimal digits.
bool is_lower_hex(std::string_view text, std::size_t length);

/// RFC 4648 §4, with padding, without line ends.
std::string base64_text(Octets octets);
/// The only text that base64_text() would write for these octets, or nothing.
std::optional<OctetString> parse_base64(std::string_view text);

/// RFC 3986 §2.1: everything but unreserved characters is encoded.
std::string percent_encode(std::string_view text);
/// Nothing when a `%` is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

/// Well-formed UTF-8, RFC 3629: no overlong forms, no surrogates.
bool is_utf8(std::string_view text);

}  // namespace maildircrypt
