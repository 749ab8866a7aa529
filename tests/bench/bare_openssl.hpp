/// What sealing costs at least: the same OpenSSL primitives, with no format around them.
#pragma once

#include "base/bytes.hpp"
#include "base/handle.hpp"

#include <array>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/rand.h>

namespace maildircrypt::bench {

class BareOpenssl {
public:
    explicit BareOpenssl(Octets x25519_point)
        : point_(x25519_point.begin(), x25519_point.end()),
          cfb_(EVP_CIPHER_fetch(nullptr, "AES-256-CFB", nullptr)),
          wrap_(EVP_CIPHER_fetch(nullptr, "AES-256-WRAP", nullptr)),
          sha1_(EVP_MD_fetch(nullptr, "SHA1", nullptr)),
          sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {}

    /// A message of the size of `plain`: random key, agreement, derivation, wrap, hash, cipher,
    /// base64.
    void message(Octets plain) {
        std::array<std::uint8_t, 40> key{};
        require(RAND_bytes(key.data(), 32));
        agree_and_wrap(key);
        content(plain, plain.size(), key.data());
    }

    /// Hash, cipher and base64 over `plain` in pieces of `piece` octets.
    void content(Octets plain, std::size_t piece, const std::uint8_t* key) {
        const std::array<std::uint8_t, 16> iv{};
        const CipherContext cipher{EVP_CIPHER_CTX_new()};
        const DigestContext digest{EVP_MD_CTX_new()};
        require(EVP_EncryptInit_ex2(cipher.get(), cfb_.get(), key, iv.data(), nullptr));
        require(EVP_DigestInit_ex2(digest.get(), sha1_.get(), nullptr));
        encrypted_.resize(piece);
        text_.resize(piece / 3 * 4 + 8);
        for (int size = 0; !plain.empty(); plain = plain.subspan(static_cast<std::size_t>(size))) {
            const Octets part = plain.first(std::min(piece, plain.size()));
            require(EVP_DigestUpdate(digest.get(), part.data(), part.size()));
            require(EVP_EncryptUpdate(cipher.get(), encrypted_.data(), &size, part.data(),
                                      static_cast<int>(part.size())));
            EVP_EncodeBlock(text_.data(), encrypted_.data(), size);
        }
        std::array<std::uint8_t, 20> mdc;
        require(EVP_DigestFinal_ex(digest.get(), mdc.data(), nullptr));
    }

private:
    using CipherContext = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
    using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
    using Pkey = Handle<EVP_PKEY, EVP_PKEY_free>;
    using PkeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

    static void require(int status) {
        if (status != 1) throw std::runtime_error("OpenSSL");
    }

    void agree_and_wrap(const std::array<std::uint8_t, 40>& key) {
        const Pkey peer{
            EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, point_.data(), point_.size())};
        const PkeyContext maker{EVP_PKEY_CTX_new_id(EVP_PKEY_X25519, nullptr)};
        EVP_PKEY* made = nullptr;
        require(EVP_PKEY_keygen_init(maker.get()));
        require(EVP_PKEY_keygen(maker.get(), &made));
        const Pkey ephemeral{made};
        const PkeyContext agreement{EVP_PKEY_CTX_new(made, nullptr)};
        std::array<std::uint8_t, 32> secret;
        std::size_t size = secret.size();
        require(EVP_PKEY_derive_init(agreement.get()));
        require(EVP_PKEY_derive_set_peer(agreement.get(), peer.get()));
        require(EVP_PKEY_derive(agreement.get(), secret.data(), &size));

        std::array<std::uint8_t, 32> kek;
        const std::array<std::uint8_t, 56> param{};
        const DigestContext digest{EVP_MD_CTX_new()};
        require(EVP_DigestInit_ex2(digest.get(), sha256_.get(), nullptr));
        require(EVP_DigestUpdate(digest.get(), secret.data(), secret.size()));
        require(EVP_DigestUpdate(digest.get(), param.data(), param.size()));
        require(EVP_DigestFinal_ex(digest.get(), kek.data(), nullptr));

        std::array<std::uint8_t, 48> wrapped;
        int written = 0;
        const CipherContext wrap{EVP_CIPHER_CTX_new()};
        EVP_CIPHER_CTX_set_flags(wrap.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
        require(EVP_EncryptInit_ex2(wrap.get(), wrap_.get(), kek.data(), nullptr, nullptr));
        require(EVP_EncryptUpdate(wrap.get(), wrapped.data(), &written, key.data(),
                                  static_cast<int>(key.size())));
    }

    OctetString point_;
    Handle<EVP_CIPHER, EVP_CIPHER_free> cfb_;
    Handle<EVP_CIPHER, EVP_CIPHER_free> wrap_;
    Handle<EVP_MD, EVP_MD_free> sha1_;
    Handle<EVP_MD, EVP_MD_free> sha256_;
    OctetString encrypted_;
    OctetString text_;
};

}  // namespace maildircrypt::bench
