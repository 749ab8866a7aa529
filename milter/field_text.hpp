/// Header fields as libmilter passes them, back into the octets that are sealed.
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace maildircrypt {

/// Calls `write` (Result<void>(std::string_view)) with the pieces of `name:value` and CRLF; the LF
/// of folding becomes CRLF too. This is what "the bytes handed in" means in milter mode
/// (seal/FORMAT, section 2). Copies nothing.
template <class Write>
Result<void> write_field(std::string_view name, std::string_view value, Write&& write) {
    auto written = write(name);
    if (written) written = write(std::string_view{":"});
    for (;;) {
        const auto line_end = value.find('\n');
        if (written) written = write(value.substr(0, line_end));
        if (written) written = write(std::string_view{"\r\n"});
        if (!written || line_end == value.npos) return written;
        value.remove_prefix(line_end + 1);
    }
}

}  // namespace maildircrypt
