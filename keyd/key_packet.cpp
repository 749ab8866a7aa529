#include "keyd/key_packet.hpp"

#include "keyd/certificate.hpp"
#include "seal/mpi.hpp"
#include "seal/octet_reader.hpp"

namespace maildircrypt {
namespace {

// The longest key, DSA with its four numbers, is kept: its packet is within the limit.
static_assert(6 + 4 * (2 + max_number_bits / 8) <= max_packet);

bool take_number(OctetReader& reader) {
    const auto number = read_mpi(reader);
    return number && !number->empty() && bit_length(*number) <= max_number_bits;
}

bool take_numbers(OctetReader& reader, int count) {
    for (; count > 0; --count)
        if (!take_number(reader)) return false;
    return true;
}

bool take_counted(OctetReader& reader) {
    const auto size = reader.number(1);
    return size && reader.take(*size);
}

/// RFC 4880 §5.5.2, RFC 6637 §9, RFC 9580 §5.5.5.
bool take_key(OctetReader& reader, std::uint32_t algorithm) {
    switch (algorithm) {
        case 1:
        case 2:
        case 3:
            return take_numbers(reader, 2);  // RSA
        case 16:
            return take_numbers(reader, 3);  // Elgamal
        case 17:
            return take_numbers(reader, 4);  // DSA
        case 18:
            return take_counted(reader) && take_number(reader) && take_counted(reader);
        case 19:
        case 22:
            return take_counted(reader) && take_number(reader);
        default:
            return false;
    }
}

}  // namespace

bool is_signing_algorithm(std::uint8_t algorithm) {
    return algorithm == 1 || algorithm == 3 || algorithm == 17 || algorithm == 19 ||
           algorithm == 22;
}

bool is_well_formed_key(Octets body) {
    OctetReader reader{body};
    const auto version = reader.number(1);
    const auto created = reader.number(4);
    const auto algorithm = reader.number(1);
    return version && *version == 4 && created && algorithm && take_key(reader, *algorithm) &&
           reader.left() == 0;
}

}  // namespace maildircrypt
