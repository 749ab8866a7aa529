/// New-format packet headers, RFC 4880 §4.2.2.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <stdexcept>

namespace maildircrypt {

/// At most tag and two length octets, kept without a heap.
class PacketHeader {
public:
    static constexpr std::size_t longest = 3;
    static constexpr std::size_t longest_body = 8383;  ///< that two length octets can say

    constexpr void tag(std::uint8_t number) { push(0xC0U | number); }

    /// Definite length; throws std::length_error beyond longest_body.
    constexpr void length(std::size_t body) {
        if (body > longest_body) throw std::length_error("packet body over 8383 octets");
        if (body < 192) return push(body);
        push(((body - 192) >> 8U) + 192);
        push((body - 192) & 0xFFU);
    }

    /// A partial length of 2^exponent octets; the first of a packet has at least 512.
    constexpr void partial_length(unsigned exponent) { push(0xE0U | exponent); }

    constexpr Octets octets() const { return Octets{octets_}.first(size_); }

private:
    constexpr void push(std::size_t octet) {
        octets_.at(size_++) = static_cast<std::uint8_t>(octet);
    }

    std::array<std::uint8_t, longest> octets_{};
    std::size_t size_ = 0;
};

}  // namespace maildircrypt
