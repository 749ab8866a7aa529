/// Any upload is dearmoured and stripped, or refused with a reason.
#include "base/bytes.hpp"
#include "keyd/armour.hpp"
#include "keyd/certificate.hpp"
#include "keyd/strip.hpp"

#include <cstdint>
#include <cstdlib>

namespace maildircrypt {
namespace {

class Counter : public StrippedReceiver {
public:
    void certificate(TransferableKey) override { ++certificates; }
    void refused(std::string why) override {
        if (why.empty()) std::abort();
    }
    void revocation(Octets) override {}
    int certificates = 0;
};

void upload(std::string_view text) {
    const auto binary = read_upload(text);
    if (!binary) return;
    Counter counter;
    const Octets octets{binary->data(), binary->size()};
    if (const auto stripped = strip_certificates(octets, counter); !stripped)
        if (stripped.error().fate != Fate::refuse || stripped.error().what.empty()) std::abort();
}

}  // namespace
}  // namespace maildircrypt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    maildircrypt::upload(maildircrypt::as_text({data, size}));
    return 0;
}
