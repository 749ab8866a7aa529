#include "seal/rsa.hpp"

#include "base/handle.hpp"
#include "seal/mpi.hpp"
#include "seal/openssl_error.hpp"
#include "seal/openssl_library.hpp"
#include "seal/pkey.hpp"

#include <array>
#include <span>
#include <string>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace maildircrypt {
namespace {

/// As in NIST SP 800-56B, 6.4.2, where a modulus must have no factor below 752.
constexpr BN_ULONG largest_small_factor = 751;

using Number = Handle<BIGNUM, BN_free>;
using ParamBuilder = Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = Handle<OSSL_PARAM, OSSL_PARAM_free>;

Number to_number(Octets octets) {
    return Number{BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr)};
}

Result<Pkey> import_rsa(const RsaNumbers& key) {
    const Number modulus = to_number(key.modulus);
    const Number exponent = to_number(key.exponent);
    const ParamBuilder builder{OSSL_PARAM_BLD_new()};
    const bool pushed =
        modulus && exponent && builder &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1;
    const Params params{pushed ? OSSL_PARAM_BLD_to_param(builder.get()) : nullptr};
    const PkeyContext context{EVP_PKEY_CTX_new_from_name(openssl_library(), "RSA", nullptr)};
    EVP_PKEY* imported = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &imported, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return openssl_error("import an RSA key");
    return Pkey{imported};
}

}  // namespace

Result<void> encrypt_rsa(const RsaNumbers& key, Octets message, OctetString& out) {
    const auto pkey = import_rsa(key);
    if (!pkey) return pkey.error();
    const PkeyContext context{EVP_PKEY_CTX_new_from_pkey(openssl_library(), pkey->get(), nullptr)};
    std::array<std::uint8_t, rsa_max_bits / 8> encrypted;
    std::size_t size = encrypted.size();
    if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_encrypt(context.get(), encrypted.data(), &size, message.data(), message.size()) !=
            1)
        return openssl_error("encrypt to an RSA key");
    append_mpi(out, std::span{encrypted}.first(size));
    return {};
}

/// OpenSSL's EVP_PKEY_public_check() also looks for a modulus that is prime, which takes 18 ms for
/// 4096 bits and would be the whole cost of an upload. It would protect nobody: whoever makes a key
/// that can be broken, on purpose or not, does so in ways that no look at the modulus finds.
Result<void> check_rsa(const RsaNumbers& key) {
    const auto pkey = import_rsa(key);
    if (!pkey) return pkey.error();
    const Number modulus = to_number(key.modulus);
    if (!modulus) return openssl_error("check an RSA key");
    for (BN_ULONG factor = 3; factor <= largest_small_factor; factor += 2)
        if (BN_mod_word(modulus.get(), factor) == 0)
            return refuse("the RSA key is not well-formed: its modulus is divisible by " +
                          std::to_string(factor));
    return {};
}

}  // namespace maildircrypt
