#include "seal/crc24.hpp"

#include <array>

namespace maildircrypt {
namespace {

constexpr std::uint32_t polynomial = 0x864CFB00;  // in the upper 24 bits, like the register
constexpr std::size_t slices = 16;
using Table = std::array<std::uint32_t, 256>;

/// tables[n][octet]: what `octet` adds to the register when n more octets have passed ("slicing").
constexpr auto tables = [] {
    std::array<Table, slices> made{};
    for (std::uint32_t octet = 0; octet < 256; ++octet) {
        std::uint32_t value = octet << 24U;
        for (int bit = 0; bit < 8; ++bit)
            value = (value << 1U) ^ ((value & 0x80000000U) != 0 ? polynomial : 0U);
        made[0][octet] = value;
    }
    for (std::size_t n = 1; n < slices; ++n)
        for (std::size_t octet = 0; octet < 256; ++octet) {
            const std::uint32_t value = made[n - 1][octet];
            made[n][octet] = (value << 8U) ^ made[0][value >> 24U];
        }
    return made;
}();

std::uint32_t pass_slices(std::uint32_t state, std::span<const std::uint8_t, slices> in) {
    return tables[15][(state >> 24U) ^ in[0]] ^ tables[14][(state >> 16U & 0xFFU) ^ in[1]] ^
           tables[13][(state >> 8U & 0xFFU) ^ in[2]] ^ tables[12][in[3]] ^ tables[11][in[4]] ^
           tables[10][in[5]] ^ tables[9][in[6]] ^ tables[8][in[7]] ^ tables[7][in[8]] ^
           tables[6][in[9]] ^ tables[5][in[10]] ^ tables[4][in[11]] ^ tables[3][in[12]] ^
           tables[2][in[13]] ^ tables[1][in[14]] ^ tables[0][in[15]];
}

}  // namespace

void Crc24::update(Octets octets) {
    std::uint32_t state = state_;
    for (; octets.size() >= slices; octets = octets.subspan(slices))
        state = pass_slices(state, octets.first<slices>());
    for (const std::uint8_t octet : octets)
        state = (state << 8U) ^ tables[0][(state >> 24U) ^ octet];
    state_ = state;
}

}  // namespace maildircrypt
