/// The algorithms that sealing needs, fetched from OpenSSL once per process.
#pragma once

#include "base/bytes.hpp"
#include "base/handle.hpp"
#include "base/result.hpp"
#include "seal/pkey.hpp"
#include "seal/public_key_packet.hpp"

#include <array>
#include <span>

#include <openssl/evp.h>
#include <openssl/kdf.h>

namespace maildircrypt {

/// X25519's point of which public keys are multiples (RFC 7748 §4.1), and octets of its keys.
inline constexpr std::size_t x25519_size = 32;
inline constexpr std::array<std::uint8_t, x25519_size> x25519_base_point{9};

/// Read-only after creation: any number of threads may use one.
class CryptoContext {
public:
    /// Fails when OpenSSL's default provider lacks an algorithm (built without it, or broken),
    /// SEIPD version 2's apart. openssl.cnf has no say (seal/openssl_library.hpp).
    static Result<CryptoContext> create();

    const EVP_CIPHER* aes256_cfb() const { return aes256_cfb_.get(); }
    const EVP_CIPHER* aes256_ctr() const { return aes256_ctr_.get(); }
    const EVP_MD* sha1() const { return sha1_.get(); }
    /// Whether there is what SEIPD version 2 needs: aes256_ocb() and hkdf_sha256().
    bool has_seipd2() const { return aes256_ocb_ && hkdf_; }
    const EVP_CIPHER* aes256_ocb() const { return aes256_ocb_.get(); }
    /// RFC 5869, but for the empty salt: that is an error. Fills `out`.
    Result<void> hkdf_sha256(Octets key, Octets salt, Octets info,
                             std::span<std::uint8_t> out) const;
    const EVP_MD* digest(KdfHash hash) const;
    const EVP_CIPHER* key_wrap(WrapCipher wrap) const;
    /// A new context to import or generate a key of this form, or null. Copied from one that is
    /// kept: to make one by its name, OpenSSL walks through all the names it knows.
    PkeyContext key_context(Curve::Form form) const;
    /// X25519's, as a public key. OpenSSL counts its users atomically and changes nothing else.
    EVP_PKEY* base_point() const { return base_point_.get(); }

private:
    using Cipher = Handle<EVP_CIPHER, EVP_CIPHER_free>;
    using Digest = Handle<EVP_MD, EVP_MD_free>;
    using Kdf = Handle<EVP_KDF, EVP_KDF_free>;

    CryptoContext() = default;
    Cipher aes256_cfb_;
    Cipher aes256_ctr_;
    Cipher aes256_ocb_;
    Digest sha1_;
    Kdf hkdf_;
    std::array<Digest, 3> kdf_;    ///< SHA-256, SHA-384, SHA-512
    std::array<Cipher, 3> wraps_;  ///< AES-128, AES-192, AES-256
    PkeyContext montgomery_;
    PkeyContext weierstrass_;
    Pkey base_point_;
};

}  // namespace maildircrypt
