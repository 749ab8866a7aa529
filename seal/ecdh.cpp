#include "seal/ecdh.hpp"

#include "base/secret.hpp"
#include "seal/key_agreement.hpp"
#include "seal/mpi.hpp"
#include "seal/openssl_error.hpp"

#include <algorithm>
#include <array>
#include <string_view>

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
    std::array<std::uint8_t, largest_point> encoded;
    const auto point = std::span{encoded}.first(key.curve->point_size());
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

    if (auto done = agree(context, key, point, shared); !done) return done;
    if (auto done = derive_kek(context, key, fingerprint, shared, kek.span().first<32>()); !done)
        return done;
    if (auto done = wrap_key(context, key.wrap, kek.span(), padded.span(), wrapped); !done)
        return done;
    append_mpi(out, point);
    out.push_back(static_cast<std::uint8_t>(wrapped.size()));
    out.insert(out.end(), wrapped.begin(), wrapped.end());
    return {};
}

}  // namespace maildircrypt
