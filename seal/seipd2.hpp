/// Symmetrically encrypted integrity protected data packets, version 2 (RFC 9580 §5.13.2): AES-256
/// in OCB mode.
#pragma once

#include "base/handle.hpp"
#include "base/secret.hpp"
#include "seal/packet_writer.hpp"
#include "seal/seipd.hpp"

#include <array>

#include <openssl/evp.h>

namespace maildircrypt {

/// Chunks of 64 KiB, each with its tag: a reader holds one chunk until it has seen the tag.
class Seipd2Writer final : public SeipdWriter {
public:
    /// `next` outlives the writer.
    explicit Seipd2Writer(OctetSink& next);

    /// `context` has AES-256 in OCB mode.
    Result<void> start(const CryptoContext& context, const SessionKey& session_key) override;
    Result<void> write(Octets piece) override;
    Result<void> finish() override;

private:
    static constexpr std::size_t block = 16;
    static constexpr std::size_t tag_size = 16;
    static constexpr std::size_t iv_size = 7;
    static constexpr std::size_t nonce_size = iv_size + 8;
    static constexpr std::size_t at_once = PacketWriter::piece_size;

    Result<void> derive_key(const CryptoContext& context, const SessionKey& session_key,
                            Octets salt);
    Result<void> start_chunk(Octets additional);
    Result<void> encrypt(Octets plaintext);
    Result<void> finish_chunk();

    PacketWriter packet_;
    Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> cipher_;
    std::array<std::uint8_t, nonce_size> nonce_{};
    std::uint64_t chunk_index_ = 0;
    std::size_t chunk_left_ = 0;
    std::uint64_t length_ = 0;  ///< octets encrypted so far
    std::array<std::uint8_t, at_once + block> encrypted_;
};

}  // namespace maildircrypt
