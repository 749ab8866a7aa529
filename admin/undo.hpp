/// Gets the original message back out of a decrypted payload, exactly as seal/FORMAT section 3
/// says.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <string_view>

namespace maildircrypt {

/// `payload` is the whole literal data of a sealed message. Refuses payloads without a recipe and
/// recipes that would take away anything but what the sealer inserts.
Result<SecretText> undo_sealing(std::string_view payload);

}  // namespace maildircrypt
