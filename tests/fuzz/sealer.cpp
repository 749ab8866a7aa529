/// Any message, cut into any pieces, is sealed, or passes because it is already encrypted.
#include "seal/sealer.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace maildircrypt {
namespace {

/// An RSA public-key packet body (RFC 4880 §5.5.2) with a modulus of 2048 bits that nobody has the
/// factors of: encryption to it works like to any other.
EncryptionKey some_key() {
    EncryptionKey key;
    key.fingerprint.fill(0x5a);
    key.packet = {4, 0, 0, 0, 1, 1, 0x08, 0x00};
    for (int i = 0; i < 256; ++i) key.packet.push_back(static_cast<std::uint8_t>(0xff - i % 7));
    key.packet.insert(key.packet.end(), {0x00, 0x11, 0x01, 0x00, 0x01});
    return key;
}

RecipientKeys recipient() {
    RecipientKeys keys;
    keys.state = KeyState::sealable;
    keys.plan.seal_to.push_back(some_key());
    keys.plan.recognise.push_back(keys.plan.seal_to.front().fingerprint);
    return keys;
}

/// Takes everything; a body before its header is our bug.
class Nowhere : public MessageOutput {
public:
    Result<void> header(const OuterHeader&) override {
        headers_++;
        return {};
    }
    Result<void> body(Deliverable) override { return {}; }
    int headers() const { return headers_; }

private:
    int headers_ = 0;
};

void seal(std::string_view input) {
    static const auto context = CryptoContext::create();
    if (!context || input.empty()) std::abort();
    const std::size_t piece = 1 + static_cast<unsigned char>(input.front()) * 17U;
    input.remove_prefix(1);
    SpillBudget spill{std::size_t{1} << 20, "/tmp"};
    Nowhere output;
    Sealer sealer{*context, {recipient()}, SealOptions{}, spill, output};
    for (; !input.empty(); input.remove_prefix(std::min(piece, input.size())))
        if (!sealer.write(input.substr(0, piece))) std::abort();
    const auto outcome = sealer.finish();
    if (!outcome) std::abort();
    if (*outcome == SealOutcome::already_encrypted) {
        Nowhere original;
        if (!sealer.replay_original(original)) std::abort();
    } else if (output.headers() != 1) {
        std::abort();
    }
}

}  // namespace
}  // namespace maildircrypt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 0) maildircrypt::seal(maildircrypt::as_text({data, size}));
    return 0;
}
