/// Looks at a stored message from outside: does it say that it was sealed, and where is its armour?
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace maildircrypt {

/// Whether the message's one provenance field says that this project sealed it (seal/FORMAT section
/// 1). Mail that its sender encrypted is not sealed: a recipe in it is the sender's and never
/// obeyed.
bool says_sealed(std::string_view message);

/// The armour in the second part of a multipart/encrypted message, RFC 3156 §4; a view into
/// `message`. The error (refuse) says what is wrong with its structure.
Result<std::string_view> find_armour(std::string_view message);

}  // namespace maildircrypt
