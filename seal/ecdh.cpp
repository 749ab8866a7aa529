#include "seal/ecdh.hpp"

#include "base/secret.hpp"
#include "seal/mpi.hpp"
#include "seal/openssl_error.hpp"
#include "seal/pkey.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/params.h>

namespace maildircrypt {
namespace {

using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using CipherContext = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

constexpr std::uint8_t ecdh = 18;
constexpr std::size_t wrap_block = 8;

std::size_t key_size(WrapCipher wrap) {
    switch (wrap) {
        case WrapCipher::aes128:
            return 16;
        case WrapCipher::aes192:
            return 24;
        case WrapCipher::aes256:
            return 32;
    }
    return 0;
}

bool is_montgomery(const Curve& curve) {
    return curve.form == Curve::Form::montgomery;
}

/// OpenSSL refuses points off the curve; the identity has no encoding of this size and prefix, and
/// every Weierstrass curve here has cofactor 1, so that no further check is needed.
Result<Pkey> import_point(const CryptoContext& context, const EcdhNumbers& key) {
    const Octets point = is_montgomery(*key.curve) ? key.point.subspan(1) : key.point;
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

Result<Pkey> generate_ephemeral(const CryptoContext& context, const Curve& curve) {
    const PkeyContext generator = context.key_context(curve.form);
    EVP_PKEY* generated = nullptr;
    if (!generator || EVP_PKEY_keygen_init(generator.get()) != 1 ||
        (!is_montgomery(curve) && EVP_PKEY_CTX_set_group_name(generator.get(), curve.group) != 1) ||
        EVP_PKEY_generate(generator.get(), &generated) != 1)
        return openssl_error("generate an ephemeral key");
    return Pkey{generated};
}

/// Big-endian x coordinate, left-padded; X25519: the function's 32 octets.
Result<void> agree(EVP_PKEY* ephemeral, EVP_PKEY* recipient, std::span<std::uint8_t> secret) {
    const PkeyContext context{EVP_PKEY_CTX_new_from_pkey(nullptr, ephemeral, nullptr)};
    constexpr int checked_at_import = 0;
    if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
        EVP_PKEY_derive_set_peer_ex(context.get(), recipient, checked_at_import) != 1)
        return openssl_error("agree on a shared secret");
    std::size_t size = secret.size();
    if (EVP_PKEY_derive(context.get(), secret.data(), &size) != 1 || size != secret.size())
        return refuse(openssl_error("the key's point yields no shared secret").what);
    if (std::ranges::all_of(secret, [](std::uint8_t octet) { return octet == 0; }))
        return refuse("the key's point yields no shared secret");  // RFC 7748 §6.1
    return {};
}

Result<void> append_point(OctetString& out, EVP_PKEY* ephemeral, const Curve& curve) {
    std::array<std::uint8_t, largest_point> encoded{};
    const auto point = std::span{encoded}.first(curve.point_size());
    const auto target = is_montgomery(curve) ? point.subspan(1) : point;
    std::size_t size = 0;
    if (EVP_PKEY_get_octet_string_param(ephemeral, OSSL_PKEY_PARAM_PUB_KEY, target.data(),
                                        target.size(), &size) != 1 ||
        size != target.size())
        return openssl_error("encode an ephemeral key");
    point.front() = curve.prefix();
    append_mpi(out, point);
    return {};
}

}  // namespace

Result<void> derive_kek(const CryptoContext& context, const EcdhNumbers& key,
                        const Fingerprint& fingerprint, Octets shared_secret,
                        std::span<std::uint8_t, 32> kek) {
    using namespace std::string_view_literals;
    OctetString param;  // RFC 6637 §8
    param.push_back(static_cast<std::uint8_t>(key.curve->oid.size()));
    param.insert(param.end(), key.curve->oid.begin(), key.curve->oid.end());
    for (const unsigned octet :
         {unsigned{ecdh}, 3U, 1U, static_cast<unsigned>(key.hash), static_cast<unsigned>(key.wrap)})
        param.push_back(static_cast<std::uint8_t>(octet));
    const Octets sender = as_octets("Anonymous Sender    "sv);
    param.insert(param.end(), sender.begin(), sender.end());
    param.insert(param.end(), fingerprint.begin(), fingerprint.end());

    constexpr std::array<std::uint8_t, 4> counter{0, 0, 0, 1};
    SecretArray<EVP_MAX_MD_SIZE> hash;
    const DigestContext digest{EVP_MD_CTX_new()};
    if (!digest || EVP_DigestInit_ex2(digest.get(), context.digest(key.hash), nullptr) != 1 ||
        EVP_DigestUpdate(digest.get(), counter.data(), counter.size()) != 1 ||
        EVP_DigestUpdate(digest.get(), shared_secret.data(), shared_secret.size()) != 1 ||
        EVP_DigestUpdate(digest.get(), param.data(), param.size()) != 1 ||
        EVP_DigestFinal_ex(digest.get(), hash.data(), nullptr) != 1)
        return openssl_error("derive a key-encryption key");
    std::ranges::copy(hash.span().first(key_size(key.wrap)), kek.begin());
    return {};
}

Result<void> wrap_key(const CryptoContext& context, WrapCipher wrap, Octets kek, Octets padded,
                      std::span<std::uint8_t> wrapped) {
    if (kek.size() < key_size(wrap) || wrapped.size() != padded.size() + wrap_block)
        return retry("wrap a session key: sizes do not fit");
    const CipherContext cipher{EVP_CIPHER_CTX_new()};
    if (!cipher) return openssl_error("wrap a session key");
    EVP_CIPHER_CTX_set_flags(cipher.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    int size = 0;
    if (EVP_EncryptInit_ex2(cipher.get(), context.key_wrap(wrap), kek.data(), nullptr, nullptr) !=
            1 ||
        EVP_EncryptUpdate(cipher.get(), wrapped.data(), &size, padded.data(),
                          static_cast<int>(padded.size())) != 1 ||
        static_cast<std::size_t>(size) != wrapped.size())
        return openssl_error("wrap a session key");
    return {};
}

Result<void> encrypt_ecdh(const CryptoContext& context, const EcdhNumbers& key,
                          const Fingerprint& fingerprint, Octets message, OctetString& out) {
    const auto recipient = import_point(context, key);
    if (!recipient) return recipient.error();
    const auto ephemeral = generate_ephemeral(context, *key.curve);
    if (!ephemeral) return ephemeral.error();

    SecretArray<largest_field> secret;
    const auto shared = secret.span().first(key.curve->field);
    SecretArray<32> kek;
    // PKCS#5 padding to one length, so that the cipher's key size does not show (§8).
    SecretArray<ecdh_max_message + 1> padded;
    std::array<std::uint8_t, decltype(padded)::size() + wrap_block> wrapped;
    if (message.size() > ecdh_max_message) return retry("wrap a session key: it is too long");
    const auto padding = static_cast<std::uint8_t>(padded.size() - message.size());
    std::ranges::fill(padded.span(), padding);
    std::ranges::copy(message, padded.data());

    if (auto done = agree(ephemeral->get(), recipient->get(), shared); !done) return done;
    if (auto done = derive_kek(context, key, fingerprint, shared, kek.span().first<32>()); !done)
        return done;
    if (auto done = wrap_key(context, key.wrap, kek.span(), padded.span(), wrapped); !done)
        return done;
    if (auto done = append_point(out, ephemeral->get(), *key.curve); !done) return done;
    out.push_back(static_cast<std::uint8_t>(wrapped.size()));
    out.insert(out.end(), wrapped.begin(), wrapped.end());
    return {};
}

}  // namespace maildircrypt
