#include "seal/public_key_packet.hpp"

#include "seal/mpi.hpp"
#include "seal/octet_reader.hpp"

#include <string>

namespace maildircrypt {
namespace {

constexpr std::uint8_t rsa = 1;
constexpr std::uint8_t rsa_encrypt_only = 2;
constexpr std::uint8_t ecdh = 18;

Error truncated() {
    return refuse("the key packet is cut short");
}

Error unusable_algorithm(std::uint32_t algorithm) {
    switch (algorithm) {
        case 3:
        case 17:
        case 19:
        case 22:
        case 27:
        case 28:
            return refuse("the key can only sign (algorithm " + std::to_string(algorithm) + ")");
        case 16:
        case 20:
            return refuse("Elgamal keys are not supported; use RSA or an elliptic curve");
        default:
            return refuse("public-key algorithm " + std::to_string(algorithm) +
                          " is not supported");
    }
}

Result<RsaNumbers> read_rsa(OctetReader& reader) {
    const auto modulus = read_mpi(reader);
    if (!modulus) return modulus.error();
    const auto exponent = read_mpi(reader);
    if (!exponent) return exponent.error();

    const std::size_t bits = bit_length(*modulus);
    if (bits < rsa_min_bits)
        return refuse("the RSA key has " + std::to_string(bits) + " bits; at least " +
                      std::to_string(rsa_min_bits) + " are needed");
    if (bits > rsa_max_bits)
        return refuse("the RSA key has " + std::to_string(bits) + " bits; at most " +
                      std::to_string(rsa_max_bits) + " are supported");
    if (modulus->back() % 2 == 0) return refuse("the RSA modulus is even");

    const std::size_t exponent_bits = bit_length(*exponent);
    if (exponent_bits < 2 || exponent->back() % 2 == 0)
        return refuse("the RSA exponent is not an odd number of at least 3");
    if (exponent_bits > rsa_max_exponent_bits)
        return refuse("the RSA exponent has more than " + std::to_string(rsa_max_exponent_bits) +
                      " bits");
    return RsaNumbers{*modulus, *exponent};
}

Result<const Curve*> read_curve(OctetReader& reader) {
    const auto size = reader.number(1);
    const auto oid = size ? reader.take(*size) : std::nullopt;
    if (!oid) return truncated();
    const Curve* curve = find_curve(*oid);
    if (curve == nullptr) return refuse("the key's elliptic curve is not supported");
    return curve;
}

Result<Octets> read_point(OctetReader& reader, const Curve& curve) {
    const auto point = read_mpi(reader);
    if (!point) return point.error();
    if (point->size() != curve.point_size() || point->front() != curve.prefix())
        return refuse("the key's point has a wrong size or form");
    return *point;
}

bool is_known(KdfHash hash) {
    return hash == KdfHash::sha256 || hash == KdfHash::sha384 || hash == KdfHash::sha512;
}

bool is_known(WrapCipher wrap) {
    return wrap == WrapCipher::aes128 || wrap == WrapCipher::aes192 || wrap == WrapCipher::aes256;
}

/// RFC 6637 §9: curve, point, and how the session key is wrapped.
Result<EcdhNumbers> read_ecdh(OctetReader& reader) {
    const auto curve = read_curve(reader);
    if (!curve) return curve.error();
    const auto point = read_point(reader, **curve);
    if (!point) return point.error();

    const auto size = reader.number(1);
    const auto reserved = reader.number(1);
    const auto hash = reader.number(1);
    const auto wrap = reader.number(1);
    if (!size || !reserved || !hash || !wrap) return truncated();
    if (*size != 3 || *reserved != 1)
        return refuse("the key's key-derivation parameters are not understood");
    const EcdhNumbers numbers{*curve, *point, static_cast<KdfHash>(*hash),
                              static_cast<WrapCipher>(*wrap)};
    if (!is_known(numbers.hash))
        return refuse("the key's derivation hash " + std::to_string(*hash) + " is not supported");
    if (!is_known(numbers.wrap))
        return refuse("the key's wrapping cipher " + std::to_string(*wrap) + " is not supported");
    return numbers;
}

template <class Numbers>
Result<PublicKeyPacket> whole(std::uint8_t algorithm, const Result<Numbers>& numbers,
                              const OctetReader& reader) {
    if (!numbers) return numbers.error();
    if (reader.left() != 0) return refuse("the key packet has octets behind its end");
    return PublicKeyPacket{algorithm, *numbers};
}

}  // namespace

Result<PublicKeyPacket> parse_public_key(Octets packet) {
    OctetReader reader{packet};
    const auto version = reader.number(1);
    if (!version) return truncated();
    if (*version != 4)
        return refuse("the key has version " + std::to_string(*version) +
                      "; only version 4 is supported");
    const auto created = reader.number(4);
    const auto algorithm = reader.number(1);
    if (!created || !algorithm) return truncated();

    const auto id = static_cast<std::uint8_t>(*algorithm);
    switch (id) {
        case rsa:
        case rsa_encrypt_only:
            return whole(id, read_rsa(reader), reader);
        case ecdh:
            return whole(id, read_ecdh(reader), reader);
        default:
            return unusable_algorithm(id);
    }
}

}  // namespace maildircrypt
