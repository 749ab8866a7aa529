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

}  // namespace maildircrypt
