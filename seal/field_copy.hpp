/// Copies of header fields that mail clients are to read, outside or in front of a wrapped message.
#pragma once

#include "seal/line_end.hpp"

#include <string>
#include <string_view>

namespace maildircrypt {

struct FieldCopy {
    std::string text;      ///< whole lines
    bool changed = false;  ///< by more than line ends
};

/// The whole field with lines that end in `line_end`; the last gets its end where the message was
/// cut short. A CR that ends no line and a NUL become blanks: some readers see a line end there, or
/// the end, and would find a field that others do not. The original stands unchanged in the
/// payload.
FieldCopy copy_field(std::string_view field, LineEnd line_end);

}  // namespace maildircrypt
