/// Line ends as the next hop wants them: CRLF towards a milter or LMTP, LF in a Maildir.
#pragma once

#include <string_view>

namespace maildircrypt {

enum class LineEnd { crlf, lf };

constexpr std::string_view text_of(LineEnd line_end) {
    return line_end == LineEnd::crlf ? "\r\n" : "\n";
}

}  // namespace maildircrypt
