/// What one stage of the encryptor writes to the next: octets, piece by piece.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace maildircrypt {

class OctetSink {
public:
    virtual ~OctetSink() = default;
    /// Pieces of any size. After an error the sink is not written to again.
    virtual Result<void> write(Octets piece) = 0;
};

}  // namespace maildircrypt
