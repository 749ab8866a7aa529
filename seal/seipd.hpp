/// Symmetrically encrypted integrity protected data packets, version 1 (RFC 4880 §5.13, §5.14):
/// AES-256 in CFB mode, SHA-1 over the plaintext at its end.
#pragma once

#include "base/handle.hpp"
#include "seal/crypto_context.hpp"
#include "seal/octet_sink.hpp"
#include "seal/packet_writer.hpp"
#include "seal/session_key.hpp"

#include <openssl/evp.h>

namespace maildircrypt {

/// What is written comes out encrypted at `next`.
class SeipdWriter : public OctetSink {
public:
    /// `next` outlives the writer.
    explicit SeipdWriter(OctetSink& next);

    /// Draws the random prefix. Writes nothing to `next` yet. Called once, first.
    Result<void> start(const CryptoContext& context, const SessionKey& session_key);
    Result<void> write(Octets piece) override;
    /// The modification detection code. Called once, last.
    Result<void> finish();

private:
    Result<void> hash(Octets plaintext);
    Result<void> encrypt(Octets plaintext);

    PacketWriter packet_;
    Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> cipher_;
    Handle<EVP_MD_CTX, EVP_MD_CTX_free> digest_;
};

}  // namespace maildircrypt
