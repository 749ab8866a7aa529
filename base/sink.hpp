/// Something that takes text piece by piece: an armour writer, a file, a spill.
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace maildircrypt {

class Sink {
public:
    virtual ~Sink() = default;
    /// Pieces of any size, zero included. After an error the sink is not written to again.
    virtual Result<void> write(std::string_view piece) = 0;
};

}  // namespace maildircrypt
