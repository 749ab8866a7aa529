/// The algorithms that sealing needs, fetched from OpenSSL once per process.
#pragma once

#include "base/handle.hpp"
#include "base/result.hpp"

#include <openssl/evp.h>

namespace maildircrypt {

/// Read-only after creation: any number of threads may use one.
class CryptoContext {
public:
    /// Fails when OpenSSL lacks an algorithm (a FIPS-only or broken installation).
    static Result<CryptoContext> create();

    const EVP_CIPHER* aes256_cfb() const { return aes256_cfb_.get(); }
    const EVP_CIPHER* aes256_ctr() const { return aes256_ctr_.get(); }
    const EVP_MD* sha1() const { return sha1_.get(); }

private:
    CryptoContext() = default;
    Handle<EVP_CIPHER, EVP_CIPHER_free> aes256_cfb_;
    Handle<EVP_CIPHER, EVP_CIPHER_free> aes256_ctr_;
    Handle<EVP_MD, EVP_MD_free> sha1_;
};

}  // namespace maildircrypt
