#include "seal/seipd1.hpp"

#include "base/secret.hpp"
#include "seal/openssl_error.hpp"
#include "seal/random.hpp"

#include <algorithm>
#include <array>

namespace maildircrypt {
namespace {

constexpr std::uint8_t seipd_tag = 18;
constexpr std::uint8_t seipd_version = 1;
constexpr std::size_t block_size = 16;
constexpr std::size_t repeated = 2;  ///< octets of the random prefix that come twice
constexpr std::array<std::uint8_t, 2> mdc_header{0xD3, 0x14};
constexpr std::size_t sha1_size = 20;

}  // namespace

Seipd1Writer::Seipd1Writer(OctetSink& next)
    : packet_(seipd_tag, next), cipher_(EVP_CIPHER_CTX_new()), digest_(EVP_MD_CTX_new()) {}

Result<void> Seipd1Writer::start(const CryptoContext& context, const SessionKey& session_key) {
    constexpr std::array<std::uint8_t, block_size> zero_iv{};
    if (!cipher_ || !digest_ ||
        EVP_EncryptInit_ex2(cipher_.get(), context.aes256_cfb(), session_key.key().data(),
                            zero_iv.data(), nullptr) != 1 ||
        EVP_DigestInit_ex2(digest_.get(), context.sha1(), nullptr) != 1)
        return openssl_error("start encryption");

    SecretArray<block_size + repeated> prefix;
    const auto random = prefix.span().first(block_size);
    if (auto drawn = fill_random(random); !drawn) return drawn;
    std::ranges::copy(random.last(repeated), prefix.span().last(repeated).begin());
    if (auto done = packet_.write({&seipd_version, 1}); !done) return done;
    return write(prefix.span());
}

Result<void> Seipd1Writer::hash(Octets plaintext) {
    if (EVP_DigestUpdate(digest_.get(), plaintext.data(), plaintext.size()) != 1)
        return openssl_error("hash plaintext");
    return {};
}

Result<void> Seipd1Writer::encrypt(Octets plaintext) {
    while (!plaintext.empty()) {
        const auto room = packet_.room();
        if (!room) return room.error();
        const std::size_t count = std::min(plaintext.size(), room->size());
        int written = 0;
        if (EVP_EncryptUpdate(cipher_.get(), room->data(), &written, plaintext.data(),
                              static_cast<int>(count)) != 1 ||
            static_cast<std::size_t>(written) != count)
            return openssl_error("encrypt");
        packet_.advance(count);
        plaintext = plaintext.subspan(count);
    }
    return {};
}

Result<void> Seipd1Writer::write(Octets piece) {
    if (auto done = hash(piece); !done) return done;
    return encrypt(piece);
}

Result<void> Seipd1Writer::finish() {
    if (auto done = write(mdc_header); !done) return done;
    SecretArray<sha1_size> mdc;
    if (EVP_DigestFinal_ex(digest_.get(), mdc.data(), nullptr) != 1)
        return openssl_error("hash plaintext");
    if (auto done = encrypt(mdc.span()); !done) return done;
    return packet_.finish();
}

}  // namespace maildircrypt
