/// Keeps the original of a message that may turn out to be encrypted already, as ciphertext under a
/// throw-away key.
#pragma once

#include "base/handle.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/sink.hpp"
#include "base/spill.hpp"
#include "seal/crypto_context.hpp"

#include <memory>
#include <string_view>

#include <openssl/evp.h>

namespace maildircrypt {

/// The key lives in this object only: what a disk keeps of the spill is noise. Not thread-safe.
class OriginalSpill : public Sink {
public:
    /// Both arguments outlive the object. Fails (retry) when the random generator or OpenSSL does.
    static Result<std::unique_ptr<OriginalSpill>> create(const CryptoContext& context,
                                                         SpillBudget& budget);
    Result<void> write(std::string_view plaintext) override;
    Result<void> read_to(Sink& sink) const;

private:
    using Cipher = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
    OriginalSpill(const CryptoContext& context, SpillBudget& budget);
    /// A key stream from its start: CTR mode, so encryption and decryption are one.
    Result<Cipher> start_cipher() const;

    const CryptoContext& context_;
    SecretArray<32> key_;
    Cipher cipher_;
    Spill spill_;
};

}  // namespace maildircrypt
