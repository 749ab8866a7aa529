/// Symmetrically encrypted integrity protected data packets, version 1 (RFC 4880 §5.13, §5.14):
/// AES-256 in CFB mode, SHA-1 over the plaintext at its end.
#pragma once

#include "base/handle.hpp"
#include "seal/packet_writer.hpp"
#include "seal/seipd.hpp"

#include <openssl/evp.h>

namespace maildircrypt {

class Seipd1Writer final : public SeipdWriter {
public:
    /// `next` outlives the writer.
    explicit Seipd1Writer(OctetSink& next);

    Result<void> start(const CryptoContext& context, const SessionKey& session_key) override;
    Result<void> write(Octets piece) override;
    /// Writes the modification detection code.
    Result<void> finish() override;

private:
    Result<void> hash(Octets plaintext);
    Result<void> encrypt(Octets plaintext);

    PacketWriter packet_;
    Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> cipher_;
    Handle<EVP_MD_CTX, EVP_MD_CTX_free> digest_;
};

}  // namespace maildircrypt
