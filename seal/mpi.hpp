/// Multiprecision integers of OpenPGP, RFC 4880 §3.2.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "seal/octet_reader.hpp"

#include <bit>

namespace maildircrypt {

/// Bits from the most significant one that is set; leading zero octets do not count.
inline std::size_t bit_length(Octets number) {
    while (!number.empty() && number.front() == 0) number = number.subspan(1);
    if (number.empty()) return 0;
    return (number.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(number.front()));
}

/// The next number's octets, big-endian, without leading zeros. Refuses one that is cut short or
/// whose bit count is not exact.
Result<Octets> read_mpi(OctetReader& reader);

/// Appends `number` (big-endian, leading zeros allowed, at most 65,535 bits).
void append_mpi(OctetString& out, Octets number);

}  // namespace maildircrypt
