#include "seal/base64.hpp"

#include <array>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace maildircrypt {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
using Pair = std::array<char, 2>;

/// Twelve bits at a time: half as many look-ups, in a table that fits the first cache.
constexpr auto pairs = [] {
    std::array<Pair, 4096> made{};
    for (std::size_t bits = 0; bits < made.size(); ++bits)
        made[bits] = {alphabet[bits >> 6U], alphabet[bits & 63U]};
    return made;
}();

std::uint64_t big_endian(std::span<const std::uint8_t, 6> in) {
    std::uint64_t bits = 0;
    for (const std::uint8_t octet : in) bits = bits << 8U | octet;
    return bits;
}

void put_pair(std::uint64_t bits, std::span<char, 2> out) {
    std::memcpy(out.data(), pairs[bits & 0xFFFU].data(), 2);
}

void encode_six(std::span<const std::uint8_t, 6> in, std::span<char, 8> out) {
    const std::uint64_t bits = big_endian(in);
    put_pair(bits >> 36U, out.subspan<0, 2>());
    put_pair(bits >> 24U, out.subspan<2, 2>());
    put_pair(bits >> 12U, out.subspan<4, 2>());
    put_pair(bits, out.subspan<6, 2>());
}

/// One to three octets.
void encode_rest(Octets in, std::span<char, 4> out) {
    std::array<std::uint8_t, 6> group{};
    std::copy(in.begin(), in.end(), group.begin());
    std::array<char, 8> text;
    encode_six(group, text);
    if (in.size() < 3) text[3] = '=';
    if (in.size() < 2) text[2] = '=';
    std::memcpy(out.data(), text.data(), 4);
}

}  // namespace

void encode_base64(Octets octets, std::span<char> text) {
    if (text.size() < base64_size(octets.size())) throw std::length_error("no room for base64");
    for (; octets.size() >= 6; octets = octets.subspan(6), text = text.subspan(8))
        encode_six(octets.first<6>(), text.first<8>());
    for (; octets.size() >= 3; octets = octets.subspan(3), text = text.subspan(4))
        encode_rest(octets.first(3), text.first<4>());
    if (!octets.empty()) encode_rest(octets, text.first<4>());
}

}  // namespace maildircrypt
