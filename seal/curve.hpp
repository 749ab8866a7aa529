/// The elliptic curves that mail can be encrypted to.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>

namespace maildircrypt {

/// Constant and alive for the whole process; compare by address.
struct Curve {
    enum class Form {
        montgomery,   ///< Curve25519: 0x40 and the X25519 octets (RFC 9580 §11.2.1, "prefixed
                      ///< native")
        weierstrass,  ///< 0x04, x, y (RFC 6637 §6)
    };
    Form form;
    Octets oid;         ///< DER contents, without tag and length
    const char* group;  ///< OpenSSL's name
    std::size_t field;  ///< octets of a coordinate, and of the shared secret

    /// Octets of an encoded point, prefix included.
    constexpr std::size_t point_size() const {
        return form == Form::montgomery ? 1 + field : 1 + 2 * field;
    }
    constexpr std::uint8_t prefix() const { return form == Form::montgomery ? 0x40 : 0x04; }
};

inline constexpr std::size_t largest_field = 66;  ///< NIST P-521
inline constexpr std::size_t largest_point = 1 + 2 * largest_field;

/// The curve with this object identifier, or nullptr.
const Curve* find_curve(Octets oid);

}  // namespace maildircrypt
