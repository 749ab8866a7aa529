/// One stored message in, its original out.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace maildircrypt {

struct OpenedMessage {
    enum class Kind {
        opened,
        not_sealed,  ///< clear, or encrypted by its sender: the message is its own original
        failed,      ///< `reason` says why; there is no original
    };
    Kind kind = Kind::failed;
    SecretText original;  ///< when opened
    std::string reason;   ///< in words; never message content
};

/// Armour to payload, as GpgDecryptor::decrypt().
using Decrypt = std::function<Result<SecretText>(std::string_view armour)>;

/// An error (retry) concerns more than this message: the user cancelled, gpg is broken.
Result<OpenedMessage> open_message(std::string_view message, const Decrypt& decrypt);

}  // namespace maildircrypt
