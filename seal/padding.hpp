/// How the size of a message is hidden.
#pragma once

#include <bit>
#include <cstdint>

namespace maildircrypt {

enum class Padding { none, padme };

/// The smallest PADMÉ length that is not below `length` (Nikitin et al., "Reducing Metadata Leakage
/// from Encrypted Files and Communication with PURBs", PoPETs 2019, §4): at most 12 % more.
/// `length` is below 2^63.
constexpr std::uint64_t padme(std::uint64_t length) {
    if (length < 2) return length;
    const auto exponent = static_cast<unsigned>(std::bit_width(length)) - 1;
    const auto significant = static_cast<unsigned>(std::bit_width(exponent));
    const std::uint64_t cleared = (std::uint64_t{1} << (exponent - significant)) - 1;
    return (length + cleared) & ~cleared;
}

}  // namespace maildircrypt
