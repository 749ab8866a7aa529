#include "seal/mpi.hpp"

namespace maildircrypt {

Result<Octets> read_mpi(OctetReader& reader) {
    const auto bits = reader.number(2);
    if (!bits) return refuse("the key's numbers are cut short");
    const auto number = reader.take((*bits + 7) / 8);
    if (!number) return refuse("the key's numbers are cut short");
    if (bit_length(*number) != *bits) return refuse("a number of the key has a wrong bit count");
    return *number;
}

void append_mpi(OctetString& out, Octets number) {
    const std::size_t bits = bit_length(number);
    number = number.last((bits + 7) / 8);
    out.push_back(static_cast<std::uint8_t>(bits >> 8U));
    out.push_back(static_cast<std::uint8_t>(bits & 0xFFU));
    out.insert(out.end(), number.begin(), number.end());
}

}  // namespace maildircrypt
