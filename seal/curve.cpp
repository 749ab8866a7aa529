#include "seal/curve.hpp"

#include <algorithm>
#include <array>

namespace maildircrypt {
namespace {

using std::to_array;

// RFC 6637 §11, RFC 5639 §4.1, RFC 9580 §9.2.
constexpr auto p256 = to_array<std::uint8_t>({0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07});
constexpr auto p384 = to_array<std::uint8_t>({0x2B, 0x81, 0x04, 0x00, 0x22});
constexpr auto p521 = to_array<std::uint8_t>({0x2B, 0x81, 0x04, 0x00, 0x23});
constexpr auto brainpool256 =
    to_array<std::uint8_t>({0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07});
constexpr auto brainpool384 =
    to_array<std::uint8_t>({0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0B});
constexpr auto brainpool512 =
    to_array<std::uint8_t>({0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0D});
constexpr auto curve25519 =
    to_array<std::uint8_t>({0x2B, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01});

constexpr auto curves = to_array<Curve>({
    {Curve::Form::montgomery, curve25519, "X25519", 32},
    {Curve::Form::weierstrass, p256, "P-256", 32},
    {Curve::Form::weierstrass, p384, "P-384", 48},
    {Curve::Form::weierstrass, p521, "P-521", 66},
    {Curve::Form::weierstrass, brainpool256, "brainpoolP256r1", 32},
    {Curve::Form::weierstrass, brainpool384, "brainpoolP384r1", 48},
    {Curve::Form::weierstrass, brainpool512, "brainpoolP512r1", 64},
});

}  // namespace

const Curve* find_curve(Octets oid) {
    const auto found = std::ranges::find_if(
        curves, [&](const Curve& curve) { return std::ranges::equal(curve.oid, oid); });
    return found == curves.end() ? nullptr : &*found;
}

}  // namespace maildircrypt
