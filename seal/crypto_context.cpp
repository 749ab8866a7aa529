#include "seal/crypto_context.hpp"

#include "base/secret.hpp"
#include "seal/openssl_error.hpp"

#include <string>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

namespace maildircrypt {

Result<CryptoContext> CryptoContext::create() {
    const auto cipher = [](const char* name) {
        return Cipher{EVP_CIPHER_fetch(nullptr, name, nullptr)};
    };
    const auto digest = [](const char* name) {
        return Digest{EVP_MD_fetch(nullptr, name, nullptr)};
    };
    // What mail is sealed with does not depend on a file of the host. For a process that lives for
    // one message that file, names of algorithms that nobody asks for, and tidying up at its end
    // would cost as much as sealing. What this cannot keep OpenSSL from is no fault.
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
                                  OPENSSL_INIT_NO_ADD_ALL_DIGESTS | OPENSSL_INIT_NO_ATEXIT,
                              nullptr);
    CryptoContext context;
    context.aes256_cfb_ = cipher("AES-256-CFB");
    context.aes256_ctr_ = cipher("AES-256-CTR");
    context.aes256_ocb_ = cipher("AES-256-OCB");
    context.hkdf_.reset(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    context.sha1_ = digest("SHA1");
    context.kdf_ = {digest("SHA256"), digest("SHA384"), digest("SHA512")};
    context.wraps_ = {cipher("AES-128-WRAP"), cipher("AES-192-WRAP"), cipher("AES-256-WRAP")};
    context.montgomery_.reset(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr));
    context.weierstrass_.reset(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));

    bool complete = context.aes256_cfb_ && context.aes256_ctr_ && context.sha1_ &&
                    context.montgomery_ && context.weierstrass_;
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
