/// Reads base64 strictly, line by line: for telling real ciphertext from what only looks like it.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <string_view>

namespace maildircrypt {

/// The value of a base64 digit (RFC 4648 §4), or 64 for anything else.
std::uint32_t base64_digit(char c);

class Base64Reader {
public:
    /// Decodes one line (no line end) behind `decoded`. False for a character that is no digit,
    /// blanks included, and for anything behind padding. Digits of a quartet may stand on several
    /// lines.
    bool read_line(std::string_view line, OctetString& decoded);
    /// No quartet is unfinished.
    bool at_quartet() const { return quartet_size_ == 0; }

private:
    std::uint32_t quartet_ = 0;
    int quartet_size_ = 0;  ///< digits and padding so far
    int digits_ = 0;
    bool ended_ = false;
};

}  // namespace maildircrypt
