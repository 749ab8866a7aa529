#include "seal/stored_deflate.hpp"

#include <algorithm>
#include <array>

namespace maildircrypt {

Result<void> StoredDeflate::write(Octets piece) {
    constexpr std::size_t longest_block = 0xFFFF;
    while (!piece.empty()) {
        const std::size_t count = std::min(piece.size(), longest_block);
        const auto low = static_cast<std::uint8_t>(count & 0xFFU);
        const auto high = static_cast<std::uint8_t>(count >> 8U);
        const std::array<std::uint8_t, 5> header{0, low, high, static_cast<std::uint8_t>(~low),
                                                 static_cast<std::uint8_t>(~high)};
        if (auto done = emit(header); !done) return done;
        if (auto done = emit(piece.first(count)); !done) return done;
        piece = piece.subspan(count);
    }
    return {};
}

}  // namespace maildircrypt
