/// The checksum of ASCII armour, RFC 4880 §6.1.
#pragma once

#include "base/bytes.hpp"

namespace maildircrypt {

class Crc24 {
public:
    void update(Octets octets);
    /// The checksum of everything so far, 24 bits.
    std::uint32_t value() const { return state_ >> 8U; }

private:
    std::uint32_t state_ = 0xB704CE00;  ///< the register, in the upper 24 bits
};

}  // namespace maildircrypt
