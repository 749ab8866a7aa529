/// What stands around the armour in a sealed message's body: multipart/encrypted, RFC 3156 §4.
#pragma once

#include "seal/line_end.hpp"

#include <string>
#include <string_view>

namespace maildircrypt {

/// From the body's first octet to the blank line before the armour. `boundary` is that of the outer
/// Content-Type field.
std::string frame_head(std::string_view boundary, LineEnd line_end);

/// Behind the armour, whose last line has its line end.
std::string frame_tail(std::string_view boundary, LineEnd line_end);

}  // namespace maildircrypt
