#include "seal/crypto_context.hpp"

#include "base/secret.hpp"
#include "seal/openssl_error.hpp"
#include "seal/openssl_library.hpp"

#include <string>

#include <openssl/core_names.h>
#include <openssl/params.h>

namespace maildircrypt {

Result<CryptoContext> CryptoContext::create() {
    OSSL_LIB_CTX* const library = openssl_library();
    const auto cipher = [library](const char* name) {
        return Cipher{EVP_CIPHER_fetch(library, name, nullptr)};
    };
    const auto digest = [library](const char* name) {
        return Digest{EVP_MD_fetch(library, name, nullptr)};
    };
    CryptoContext context;
    context.aes256_cfb_ = cipher("AES-256-CFB");
    context.aes256_ctr_ = cipher("AES-256-CTR");
    context.aes256_ocb_ = cipher("AES-256-OCB");
    context.hkdf_.reset(EVP_KDF_fetch(library, "HKDF", nullptr));
    context.sha1_ = digest("SHA1");
    context.kdf_ = {digest("SHA256"), digest("SHA384"), digest("SHA512")};
    context.wraps_ = {cipher("AES-128-WRAP"), cipher("AES-192-WRAP"), cipher("AES-256-WRAP")};
    context.montgomery_.reset(EVP_PKEY_CTX_new_from_name(library, "X25519", nullptr));
    context.weierstrass_.reset(EVP_PKEY_CTX_new_from_name(library, "EC", nullptr));

    context.base_point_.reset(EVP_PKEY_new_raw_public_key_ex(
        library, "X25519", nullptr, x25519_base_point.data(), x25519_base_point.size()));

    bool complete = context.base_point_ && context.aes256_cfb_ && context.aes256_ctr_ &&
                    context.sha1_ && context.montgomery_ && context.weierstrass_;
    for (const Digest& kdf : context.kdf_) complete = complete && kdf;
    for (const Cipher& wrap : context.wraps_) complete = complete && wrap;
    if (!complete) return openssl_error("fetch algorithms from OpenSSL");
    return context;
}

const EVP_MD* CryptoContext::digest(KdfHash hash) const {
    switch (hash) {
        case KdfHash::sha256:
            return kdf_[0].get();
        case KdfHash::sha384:
            return kdf_[1].get();
        case KdfHash::sha512:
            return kdf_[2].get();
    }
    return nullptr;
}

const EVP_CIPHER* CryptoContext::key_wrap(WrapCipher wrap) const {
    switch (wrap) {
        case WrapCipher::aes128:
            return wraps_[0].get();
        case WrapCipher::aes192:
            return wraps_[1].get();
        case WrapCipher::aes256:
            return wraps_[2].get();
    }
    return nullptr;
}

Result<void> CryptoContext::hkdf_sha256(Octets key, Octets salt, Octets info,
                                        std::span<std::uint8_t> out) const {
    // OpenSSL's parameters point to what could be changed.
    SecretOctets secret{key.begin(), key.end()};
    OctetString salted{salt.begin(), salt.end()};
    OctetString informed{info.begin(), info.end()};
    std::string hash = "SHA256";
    const std::array<OSSL_PARAM, 5> params{
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash.data(), hash.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salted.data(), salted.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, informed.data(), informed.size()),
        OSSL_PARAM_construct_end()};
    const Handle<EVP_KDF_CTX, EVP_KDF_CTX_free> derivation{EVP_KDF_CTX_new(hkdf_.get())};
    if (!derivation || EVP_KDF_derive(derivation.get(), out.data(), out.size(), params.data()) != 1)
        return openssl_error("derive a message key");
    return {};
}

PkeyContext CryptoContext::key_context(Curve::Form form) const {
    // A copy changes nothing in the original but OpenSSL's atomic reference counts.
    const bool montgomery = form == Curve::Form::montgomery;
    return PkeyContext{EVP_PKEY_CTX_dup((montgomery ? montgomery_ : weierstrass_).get())};
}

}  // namespace maildircrypt
