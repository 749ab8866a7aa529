/// OpenPGP encryption as a stream: literal data in, armoured PKESK and SEIPD packets out, of
/// versions 3 and 1 (RFC 4880) or 6 and 2 (RFC 9580).
/// Encrypt-only, over OpenSSL EVP.
#pragma once

#include "base/result.hpp"
#include "base/sink.hpp"
#include "seal/crypto_context.hpp"
#include "seal/key_plan.hpp"
#include "seal/line_end.hpp"
#include "seal/padding.hpp"

#include <memory>
#include <span>
#include <string_view>

namespace maildircrypt {

enum class Compression { none, zlib };

struct EncryptionOptions {
    Padding padding = Padding::padme;
    Compression compression = Compression::none;
    /// The armour has at least as many octets as the plaintext, however well that compresses: in
    /// Postfix's queue file it overwrites the plaintext.
    bool never_shorter = false;
    bool anonymous = false;  ///< PKESK that names no key, RFC 4880 §5.1
    bool seipd2 = false;     ///< SEIPD version 2 when every key announces it
    LineEnd line_end = LineEnd::crlf;
};

/// Memory is constant whatever the length of the message. Not thread-safe; one per message.
class Encryptor {
public:
    /// Writes armour head and PKESK packets to `armour`, which must outlive the encryptor. `keys`
    /// must not be empty. Fails (retry) when OpenSSL or its random generator fails: nothing weaker
    /// is ever used instead.
    static Result<std::unique_ptr<Encryptor>> start(const CryptoContext& context,
                                                    std::span<const EncryptionKey> keys,
                                                    const EncryptionOptions& options, Sink& armour);
    virtual ~Encryptor() = default;
    /// Plaintext, in pieces of any size.
    virtual Result<void> write(std::string_view plaintext) = 0;
    /// Padding, MDC or tags, armour tail. Called once; without it the output is not a message.
    virtual Result<void> finish() = 0;
};

/// Whether mail can be encrypted to this public-key packet body (algorithm, curve, sizes,
/// well-formed numbers); the error (refuse) says why not. keyd asks at upload, so that delivery
/// never meets a key it cannot use.
Result<void> check_encryption_key(Octets packet);

}  // namespace maildircrypt
