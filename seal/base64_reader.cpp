#include "seal/base64_reader.hpp"

namespace maildircrypt {

std::uint32_t base64_digit(char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
    if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a' + 26);
    if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0' + 52);
    if (c == '+') return 62;
    return c == '/' ? 63 : 64;
}

bool Base64Reader::read_line(std::string_view line, OctetString& decoded) {
    for (const char c : line) {
        if (c == '=' && quartet_size_ >= 2) {
            quartet_ <<= 6;
            ended_ = true;
        } else {
            const std::uint32_t value = base64_digit(c);
            if (value >= 64 || ended_) return false;
            quartet_ = quartet_ << 6 | value;
            ++digits_;
        }
        if (++quartet_size_ < 4) continue;
        for (int i = 0; i < digits_ - 1; ++i)
            decoded.push_back(static_cast<std::uint8_t>(quartet_ >> (16 - 8 * i)));
        quartet_ = 0;
        quartet_size_ = 0;
        digits_ = 0;
    }
    return true;
}

}  // namespace maildircrypt
