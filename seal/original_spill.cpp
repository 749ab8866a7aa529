#include "seal/original_spill.hpp"

#include "base/bytes.hpp"
#include "seal/random.hpp"

#include <algorithm>
#include <array>

namespace maildircrypt {
namespace {

constexpr std::size_t piece_size = 16 * 1024;

/// Runs the key stream over `input` and hands the result to `sink`, piece by piece in wiping
/// memory.
Result<void> transform(EVP_CIPHER_CTX* cipher, std::string_view input, Sink& sink) {
    SecretArray<piece_size> output;
    while (!input.empty()) {
        const auto piece = as_octets(input.substr(0, piece_size));
        int length = 0;
        if (EVP_EncryptUpdate(cipher, output.data(), &length, piece.data(),
                              static_cast<int>(piece.size())) != 1)
            return retry("spill: the cipher failed");
        auto written = sink.write(as_text(output.span().first(static_cast<std::size_t>(length))));
        if (!written) return written;
        input.remove_prefix(piece.size());
    }
    return {};
}

class Decrypting : public Sink {
public:
    Decrypting(EVP_CIPHER_CTX* cipher, Sink& sink) : cipher_(cipher), sink_(sink) {}
    Result<void> write(std::string_view piece) override { return transform(cipher_, piece, sink_); }

private:
    EVP_CIPHER_CTX* cipher_;
    Sink& sink_;
};

}  // namespace

OriginalSpill::OriginalSpill(const CryptoContext& context, SpillBudget& budget)
    : context_(context), spill_(budget) {}

Result<std::unique_ptr<OriginalSpill>> OriginalSpill::create(const CryptoContext& context,
                                                             SpillBudget& budget) {
    std::unique_ptr<OriginalSpill> spill{new OriginalSpill{context, budget}};
    if (auto filled = fill_random(spill->key_.span()); !filled) return filled.error();
    auto cipher = spill->start_cipher();
    if (!cipher) return cipher.error();
    spill->cipher_ = std::move(*cipher);
    return spill;
}

Result<OriginalSpill::Cipher> OriginalSpill::start_cipher() const {
    // The key is used for this one stream only, so a constant counter start is safe.
    static constexpr std::array<unsigned char, 16> counter{};
    Cipher cipher{EVP_CIPHER_CTX_new()};
    if (!cipher || EVP_EncryptInit_ex2(cipher.get(), context_.aes256_ctr(), key_.data(),
                                       counter.data(), nullptr) != 1)
        return retry("spill: the cipher cannot start");
    return cipher;
}

Result<void> OriginalSpill::write(std::string_view plaintext) {
    return transform(cipher_.get(), plaintext, spill_);
}

Result<void> OriginalSpill::read_to(Sink& sink) const {
    auto cipher = start_cipher();
    if (!cipher) return cipher.error();
    Decrypting decrypting{cipher->get(), sink};
    return spill_.read_to(decrypting, piece_size);
}

}  // namespace maildircrypt
