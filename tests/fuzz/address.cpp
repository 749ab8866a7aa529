/// Any text is an address or is refused; an address has the one form that parsing it again gives.
#include "seal/address.hpp"

#include "base/bytes.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace maildircrypt;
    const auto address = Address::parse(as_text({data, size}));
    if (!address) return 0;
    const auto again = Address::parse(address->text());
    if (!again || *again != *address) std::abort();
    if (address->local().empty() || address->domain().empty()) std::abort();
    if (address->text().size() > max_address) std::abort();
    return 0;
}
