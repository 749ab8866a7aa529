#include "seal/key_agreement.hpp"

#include "base/secret.hpp"
#include "seal/openssl_error.hpp"
#include "seal/openssl_library.hpp"
#include "seal/pkey.hpp"
#include "seal/random.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <openssl/core_names.h>
#include <openssl/params.h>

namespace maildircrypt {
namespace {

/// OpenSSL refuses points off the curve; the identity has no encoding of this size and prefix, and
/// every Weierstrass curve here has cofactor 1, so that no further check is needed.
Result<Pkey> import_point(const CryptoContext& context, const EcdhNumbers& key) {
    const bool prefixed = key.curve->form == Curve::Form::weierstrass;
    const Octets point = prefixed ? key.point : key.point.subspan(1);
    OctetString octets{point.begin(), point.end()};
    std::string group = key.curve->group;
    std::array<OSSL_PARAM, 3> params{
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size()),
        OSSL_PARAM_construct_end()};
    const PkeyContext import = context.key_context(key.curve->form);
    if (!import || EVP_PKEY_fromdata_init(import.get()) != 1)
        return openssl_error("import an elliptic curve key");
    EVP_PKEY* imported = nullptr;
    if (EVP_PKEY_fromdata(import.get(), &imported, EVP_PKEY_PUBLIC_KEY, params.data()) != 1)
        return refuse(openssl_error("the key's point is not on its curve").what);
    return Pkey{imported};
}

/// A secret key and the points that it is multiplied with.
class Derivation {
public:
    explicit Derivation(EVP_PKEY* secret_key)
        : context_(EVP_PKEY_CTX_new_from_pkey(openssl_library(), secret_key, nullptr)),
          usable_(context_ && EVP_PKEY_derive_init(context_.get()) == 1) {}

    Result<void> multiply(EVP_PKEY* point, std::span<std::uint8_t> product) {
        constexpr int checked_at_import = 0;
        if (!usable_ || EVP_PKEY_derive_set_peer_ex(context_.get(), point, checked_at_import) != 1)
            return openssl_error("agree on a shared secret");
        std::size_t size = product.size();
        if (EVP_PKEY_derive(context_.get(), product.data(), &size) != 1 || size != product.size())
            return refuse(openssl_error("the key's point yields no shared secret").what);
        if (std::ranges::all_of(product, [](std::uint8_t octet) { return octet == 0; }))
            return refuse("the key's point yields no shared secret");  // RFC 7748 §6.1
        return {};
    }

private:
    PkeyContext context_;
    bool usable_;
};

/// A secret key of X25519 is any 32 octets (RFC 7748 §5): drawn here, so that no generator of
/// OpenSSL's need be seeded for this thread. Of its public key OpenSSL wants to know at import,
/// multiplies a slower way than X25519's own if it is not told, and does not use it afterwards: it
/// is told the base point.
Result<Pkey> draw_x25519(const CryptoContext& context) {
    SecretArray<x25519_size> secret;
    if (auto filled = fill_random(secret.span()); !filled) return filled.error();
    auto base_point = x25519_base_point;
    std::array<OSSL_PARAM, 3> params{
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, secret.data(), secret.size()),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, base_point.data(),
                                          base_point.size()),
        OSSL_PARAM_construct_end()};
    const PkeyContext import = context.key_context(Curve::Form::montgomery);
    EVP_PKEY* drawn = nullptr;
    if (!import || EVP_PKEY_fromdata_init(import.get()) != 1 ||
        EVP_PKEY_fromdata(import.get(), &drawn, EVP_PKEY_KEYPAIR, params.data()) != 1)
        return openssl_error("draw an ephemeral key");
    return Pkey{drawn};
}

/// RFC 7748 §6.1: the public key is X25519(secret key, 9), too.
Result<void> agree_x25519(const CryptoContext& context, EVP_PKEY* recipient,
                          std::span<std::uint8_t> point, std::span<std::uint8_t> secret) {
    const auto ephemeral = draw_x25519(context);
    if (!ephemeral) return ephemeral.error();
    Derivation derivation{ephemeral->get()};
    // The base point is ours: a failure says nothing about the recipient's key.
    if (auto done = derivation.multiply(context.base_point(), point); !done)
        return retry(done.error().what);
    return derivation.multiply(recipient, secret);
}

Result<void> agree_weierstrass(const CryptoContext& context, const Curve& curve,
                               EVP_PKEY* recipient, std::span<std::uint8_t> point,
                               std::span<std::uint8_t> secret) {
    const PkeyContext generator = context.key_context(curve.form);
    EVP_PKEY* generated = nullptr;
    if (!generator || EVP_PKEY_keygen_init(generator.get()) != 1 ||
        EVP_PKEY_CTX_set_group_name(generator.get(), curve.group) != 1 ||
        EVP_PKEY_generate(generator.get(), &generated) != 1)
        return openssl_error("generate an ephemeral key");
    const Pkey ephemeral{generated};
    std::size_t size = 0;
    if (EVP_PKEY_get_octet_string_param(generated, OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                        point.size(), &size) != 1 ||
        size != point.size())
        return openssl_error("encode an ephemeral key");
    return Derivation{generated}.multiply(recipient, secret);
}

}  // namespace

Result<void> agree(const CryptoContext& context, const EcdhNumbers& key,
                   std::span<std::uint8_t> point, std::span<std::uint8_t> secret) {
    const auto recipient = import_point(context, key);
    if (!recipient) return recipient.error();
    if (key.curve->form == Curve::Form::weierstrass)
        return agree_weierstrass(context, *key.curve, recipient->get(), point, secret);
    point.front() = key.curve->prefix();
    return agree_x25519(context, recipient->get(), point.subspan(1), secret);
}

}  // namespace maildircrypt
