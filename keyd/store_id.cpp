#include "keyd/store_id.hpp"

#include "keyd/answer.hpp"
#include "keyd/encoding.hpp"
#include "seal/random.hpp"

#include <array>
#include <cstdint>

namespace maildircrypt {

Result<std::string> new_store_id() {
    std::array<std::uint8_t, store_id_length / 2> octets{};
    if (auto filled = fill_random(octets); !filled) return filled.error();
    return hex_text(octets);
}

}  // namespace maildircrypt
