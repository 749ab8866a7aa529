/// Base64 encoding, RFC 4648 §4.
#pragma once

#include "base/bytes.hpp"

#include <span>

namespace maildircrypt {

constexpr std::size_t base64_size(std::size_t octets) {
    return (octets + 2) / 3 * 4;
}

/// Writes base64_size(octets.size()) characters, `=` included, to the front of `text`, which has
/// room for them (std::length_error if not). No line ends.
void encode_base64(Octets octets, std::span<char> text);

/// Octets of a full line of armour: 76 characters (RFC 4880 §6.3).
inline constexpr std::size_t base64_line_octets = 57;

/// The same for a full line, without what is only needed at the end of a text.
void encode_base64_line(std::span<const std::uint8_t, base64_line_octets> line,
                        std::span<char, base64_size(base64_line_octets)> text);

}  // namespace maildircrypt
