/// The key of one message.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

namespace maildircrypt {

/// AES-256, fresh for each message, wiped at the end of its life.
class SessionKey {
public:
    static constexpr std::size_t key_size = 32;
    static constexpr std::size_t framed_size = 1 + key_size + 2;

    /// Draws the key. Fails (retry) when the random generator does.
    Result<void> draw();

    std::span<const std::uint8_t> key() const { return framed_.span().subspan(1, key_size); }
    /// As it is encrypted to each recipient: cipher octet, key, checksum (RFC 4880 §5.1).
    std::span<const std::uint8_t> framed() const { return framed_.span(); }
    /// The same for a version 6 PKESK: without the cipher octet (RFC 9580 §5.1.2).
    std::span<const std::uint8_t> framed_without_cipher() const {
        return framed_.span().subspan(1);
    }

private:
    SecretArray<framed_size> framed_;
};

}  // namespace maildircrypt
