/// Decrypts with the user's own gpg (GPGME), from memory into memory that is wiped.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <memory>
#include <string_view>

namespace maildircrypt {

/// A larger payload is refused: it is held in memory, and compressed data can promise anything.
inline constexpr std::size_t max_payload = std::size_t{1} << 30;

/// Uses GNUPGHOME, the agent and the pinentry that the user's gpg uses. Not thread-safe.
class GpgDecryptor {
public:
    /// Fails (retry) when there is no usable gpg.
    static Result<GpgDecryptor> create();
    GpgDecryptor(GpgDecryptor&&) noexcept;
    GpgDecryptor& operator=(GpgDecryptor&&) = delete;
    ~GpgDecryptor();

    /// The literal data of an encrypted message. Refuse: this message cannot be decrypted (no key,
    /// damaged). Retry: the user cancelled, or gpg itself failed; the next message would fare
    /// alike.
    Result<SecretText> decrypt(std::string_view armour);

private:
    struct Context;
    explicit GpgDecryptor(std::unique_ptr<Context> context);
    std::unique_ptr<Context> context_;
};

}  // namespace maildircrypt
