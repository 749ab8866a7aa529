/// Views of bytes, and the one place where characters and octets are cast into each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// Octets of a binary format. A view: it does not outlive the call it is passed to.
using Octets = std::span<const std::uint8_t>;
using OctetString = std::vector<std::uint8_t>;

inline Octets as_octets(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(Octets octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

}  // namespace maildircrypt
