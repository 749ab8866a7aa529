/// Reads a binary format front to back; what is not there is never read.
#pragma once

#include "base/bytes.hpp"

#include <optional>

namespace maildircrypt {

/// Looks at octets that outlive it.
class OctetReader {
public:
    explicit OctetReader(Octets octets) : rest_(octets) {}

    std::size_t left() const { return rest_.size(); }

    /// The next `count` octets, or nothing, and then nothing is consumed.
    std::optional<Octets> take(std::size_t count) {
        if (count > rest_.size()) return std::nullopt;
        const Octets taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }

    /// A big-endian number of at most four octets.
    std::optional<std::uint32_t> number(std::size_t size) {
        const auto octets = take(size);
        if (!octets) return std::nullopt;
        std::uint32_t value = 0;
        for (const std::uint8_t octet : *octets) value = value << 8U | octet;
        return value;
    }

private:
    Octets rest_;
};

}  // namespace maildircrypt
