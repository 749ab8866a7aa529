#include "seal/seipd2.hpp"

#include "seal/openssl_error.hpp"
#include "seal/random.hpp"

#include <algorithm>
#include <span>

#include <openssl/core_names.h>
#include <openssl/params.h>

namespace maildircrypt {
namespace {

constexpr std::uint8_t seipd_tag = 18;
constexpr std::uint8_t chunk_octet = 10;
constexpr std::size_t chunk_size = std::size_t{1} << (chunk_octet + 6U);
constexpr std::size_t salt_size = 32;
/// Packet tag as in a header, version, AES-256, OCB, chunk size.
constexpr std::array<std::uint8_t, 5> associated{0xC0 | seipd_tag, 2, 9, 2, chunk_octet};

std::array<std::uint8_t, 8> big_endian(std::uint64_t number) {
    std::array<std::uint8_t, 8> octets;
    for (std::size_t i = 0; i < octets.size(); ++i)
        octets[i] = static_cast<std::uint8_t>(number >> (56U - 8 * i) & 0xFFU);
    return octets;
}

}  // namespace

Seipd2Writer::Seipd2Writer(OctetSink& next)
    : packet_(seipd_tag, next), cipher_(EVP_CIPHER_CTX_new()) {}

Result<void> Seipd2Writer::start(const CryptoContext& context, const SessionKey& session_key) {
    std::array<std::uint8_t, salt_size> salt;
    if (auto drawn = fill_random(salt); !drawn) return drawn;
    if (auto done = derive_key(context, session_key, salt); !done) return done;
    if (auto done = packet_.write(Octets{associated}.subspan(1)); !done) return done;
    if (auto done = packet_.write(salt); !done) return done;
    return start_chunk(associated);
}

/// HKDF (RFC 5869) gives the message key and the front of every nonce.
Result<void> Seipd2Writer::derive_key(const CryptoContext& context, const SessionKey& session_key,
                                      Octets salt) {
    SecretArray<SessionKey::key_size + iv_size> derived;
    if (auto done = context.hkdf_sha256(session_key.key(), salt, associated, derived.span()); !done)
        return done;
    const auto iv = derived.span().subspan(SessionKey::key_size);
    std::copy(iv.begin(), iv.end(), nonce_.begin());

    if (!cipher_ ||
        EVP_EncryptInit_ex2(cipher_.get(), context.aes256_ocb(), nullptr, nullptr, nullptr) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_SET_IVLEN, nonce_size, nullptr) != 1 ||
        EVP_EncryptInit_ex2(cipher_.get(), nullptr, derived.data(), nullptr, nullptr) != 1)
        return openssl_error("start encryption");
    return {};
}

Result<void> Seipd2Writer::start_chunk(Octets additional) {
    const auto index = big_endian(chunk_index_++);
    std::copy(index.begin(), index.end(), nonce_.begin() + iv_size);
    int ignored = 0;
    if (EVP_EncryptInit_ex2(cipher_.get(), nullptr, nullptr, nonce_.data(), nullptr) != 1 ||
        EVP_EncryptUpdate(cipher_.get(), nullptr, &ignored, additional.data(),
                          static_cast<int>(additional.size())) != 1)
        return openssl_error("start a chunk");
    chunk_left_ = chunk_size;
    return {};
}

/// OpenSSL keeps what does not fill a block.
Result<void> Seipd2Writer::encrypt(Octets plaintext) {
    int size = 0;
    if (EVP_EncryptUpdate(cipher_.get(), encrypted_.data(), &size, plaintext.data(),
                          static_cast<int>(plaintext.size())) != 1)
        return openssl_error("encrypt");
    length_ += plaintext.size();
    chunk_left_ -= plaintext.size();
    return packet_.write(Octets{encrypted_}.first(static_cast<std::size_t>(size)));
}

Result<void> Seipd2Writer::finish_chunk() {
    std::array<std::uint8_t, tag_size> tag;
    int size = 0;
    if (EVP_EncryptFinal_ex(cipher_.get(), encrypted_.data(), &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, tag.data()) != 1)
        return openssl_error("finish a chunk");
    auto done = packet_.write(Octets{encrypted_}.first(static_cast<std::size_t>(size)));
    if (done) done = packet_.write(tag);
    return done;
}

Result<void> Seipd2Writer::write(Octets piece) {
    while (!piece.empty()) {
        if (chunk_left_ == 0) {
            if (auto done = finish_chunk(); !done) return done;
            if (auto done = start_chunk(associated); !done) return done;
        }
        const Octets part = piece.first(std::min({piece.size(), chunk_left_, at_once}));
        if (auto done = encrypt(part); !done) return done;
        piece = piece.subspan(part.size());
    }
    return {};
}

/// The last tag is that of an empty chunk, over the number of octets too: nothing can be cut off.
Result<void> Seipd2Writer::finish() {
    std::array<std::uint8_t, associated.size() + 8> additional;
    const auto length = big_endian(length_);
    std::copy(associated.begin(), associated.end(), additional.begin());
    std::copy(length.begin(), length.end(), additional.begin() + associated.size());
    if (auto done = finish_chunk(); !done) return done;
    if (auto done = start_chunk(additional); !done) return done;
    if (auto done = finish_chunk(); !done) return done;
    return packet_.finish();
}

}  // namespace maildircrypt
