#include "keyd/signature_packet.hpp"

#include "keyd/key_packet.hpp"
#include "seal/octet_reader.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

enum SubpacketType : std::uint8_t {  // RFC 4880 §5.2.3.1, RFC 9580 §5.2.3.7
    creation_time = 2,
    expiration_time = 3,
    exportable = 4,
    trust = 5,
    revocable = 7,
    key_expiration_time = 9,
    revocation_key = 12,
    issuer_key_id = 16,
    notation = 20,
    primary_user_id = 25,
    revocation_reason = 29,
    features_offered = 30,
    embedded_signature = 32,
    issuer_fingerprint = 33,
};
constexpr std::uint8_t critical = 0x80;
constexpr std::size_t max_embedded = 4;  ///< one back-signature has a meaning, RFC 4880 §5.2.3.26
constexpr std::size_t key_id_size = 8;
constexpr std::size_t version_3_head = 1 + 1 + 5 + key_id_size + 2;  // RFC 4880 §5.2.2
constexpr std::size_t version_4_fixed = 1 + 1 + 1 + 1;               // §5.2.3

/// How many numbers a signature of the algorithm consists of, RFC 4880 §5.2.2; 0 is unknown.
int numbers_of(std::uint8_t algorithm) {
    switch (algorithm) {
        case 1:
        case 3:
            return 1;  // RSA
        case 17:       // DSA
        case 19:       // ECDSA
        case 22:
            return 2;  // EdDSA
        default:
            return 0;
    }
}

std::optional<Octets> take_counted(OctetReader& reader, std::size_t count_size) {
    const auto count = reader.number(count_size);
    if (!count) return std::nullopt;
    return reader.take(*count);
}

/// One subpacket, type octet in front. RFC 4880 §5.2.3.1: its lengths look like packet lengths, but
/// none is partial.
std::optional<Octets> take_subpacket(OctetReader& area) {
    const auto first = area.number(1);
    if (!first || *first < 192) return first ? area.take(*first) : std::nullopt;
    if (*first == 255) return take_counted(area, 4);
    const auto second = area.number(1);
    if (!second) return std::nullopt;
    return area.take((*first - 192) * 256 + *second + 192);
}

/// RFC 4880 §5.2.3.16: four octets of flags, two lengths, name and value.
bool is_notation(Octets data) {
    OctetReader reader{data};
    if (!reader.take(4)) return false;
    const auto name = reader.number(2);
    const auto value = reader.number(2);
    return name && value && reader.left() == *name + *value;
}

/// Whether the data of a subpacket have a size that gpg takes for its type. It fails over others,
/// whoever added them.
bool has_known_shape(std::uint8_t type, Octets data) {
    switch (type) {
        case creation_time:
        case expiration_time:
        case key_expiration_time:
            return data.size() >= 4;
        case exportable:
        case revocable:
        case revocation_reason:
        case embedded_signature:
            return !data.empty();
        case trust:
            return data.size() == 2;
        case primary_user_id:
            return data.size() == 1;
        case revocation_key:
            return data.size() >= 22;
        case issuer_key_id:
            return data.size() >= key_id_size;
        case issuer_fingerprint:
            return data.size() >= 1 + Fingerprint{}.size();
        case notation:
            return is_notation(data);
        default:
            return true;
    }
}

struct Subpacket {
    std::uint8_t type;  ///< without the bit for critical
    Octets data;
};

/// The next subpacket, or nothing when there is none that is whole and of a known shape.
std::optional<Subpacket> take_shaped(OctetReader& area) {
    const auto octets = take_subpacket(area);
    if (!octets || octets->empty()) return std::nullopt;
    const Subpacket subpacket{static_cast<std::uint8_t>((*octets)[0] & ~critical),
                              octets->subspan(1)};
    if (!has_known_shape(subpacket.type, subpacket.data)) return std::nullopt;
    return subpacket;
}

std::int64_t seconds(Octets data) {
    return OctetReader{data}.number(4).value();
}

void note_signed_subpacket(SignaturePacket& signature, std::uint8_t type, Octets data) {
    if (type == creation_time && data.size() == 4) signature.created = seconds(data);
    if (type == expiration_time && data.size() == 4) signature.lifetime = seconds(data);
    if (type == features_offered && !data.empty()) signature.features = data[0];
    if (type == revocation_key) signature.names_revoker = true;
}

void note_subpacket(SignaturePacket& signature, std::uint8_t type, Octets data) {
    if (type == issuer_key_id && data.size() == key_id_size) signature.issuers.push_back(data);
    if (type == issuer_fingerprint && data.size() == 1 + Fingerprint{}.size() && data[0] == 4)
        signature.issuers.push_back(data.subspan(1));
}

/// Left 16 bits of the hash, then exactly the numbers that the algorithm has.
bool is_tail(Octets tail, std::uint8_t algorithm) {
    OctetReader reader{tail};
    int numbers = numbers_of(algorithm);
    if (numbers == 0 || !reader.take(2)) return false;
    for (; numbers > 0; --numbers) {
        const auto bits = reader.number(2);
        if (!bits || *bits > max_number_bits || !reader.take((*bits + 7) / 8)) return false;
    }
    return reader.left() == 0;
}

/// The parts of a version 4 signature, whose areas are not looked into.
struct Version4Parts {
    Octets fixed;
    Octets hashed;
    Octets unhashed;
    Octets head;
    Octets tail;
};

std::optional<Version4Parts> split_version_4(Octets body) {
    OctetReader reader{body};
    const auto fixed = reader.take(version_4_fixed);
    const auto hashed = fixed ? take_counted(reader, 2) : std::nullopt;
    if (!hashed || (*fixed)[0] != 4) return std::nullopt;
    const Octets head = body.first(body.size() - reader.left());
    const auto unhashed = take_counted(reader, 2);
    const Octets tail = body.last(reader.left());
    if (!unhashed || !is_tail(tail, (*fixed)[2])) return std::nullopt;
    return Version4Parts{*fixed, *hashed, *unhashed, head, tail};
}

/// Whether it can be read, back-signatures within it aside.
bool is_signature_shaped(Octets body) {
    const auto parts = split_version_4(body);
    if (!parts) return false;
    for (const Octets area : {parts->hashed, parts->unhashed}) {
        OctetReader reader{area};
        while (reader.left() > 0) {
            if (!take_shaped(reader)) return false;
        }
    }
    return true;
}

/// A back-signature that is malformed makes gpg fail: unsigned it goes, signed it takes the whole
/// signature with it.
bool note_embedded(SignaturePacket& signature, Octets data, bool hashed) {
    if (!is_signature_shaped(data)) return !hashed;
    if (!hashed && signature.embedded.size() < max_embedded) signature.embedded.push_back(data);
    return true;
}

bool read_area(SignaturePacket& signature, Octets area, bool hashed) {
    OctetReader reader{area};
    while (reader.left() > 0) {
        const auto subpacket = take_shaped(reader);
        if (!subpacket) return false;
        const auto [type, data] = *subpacket;
        note_subpacket(signature, type, data);
        if (hashed) note_signed_subpacket(signature, type, data);
        if (type == embedded_signature && !note_embedded(signature, data, hashed)) return false;
    }
    return true;
}

std::optional<SignaturePacket> parse_version_3(Octets body) {
    OctetReader reader{body};
    const auto head = reader.take(version_3_head);
    if (!head || (*head)[1] != 5) return std::nullopt;
    SignaturePacket signature;
    signature.version = 3;
    signature.type = static_cast<SignatureType>((*head)[2]);
    signature.created = seconds(head->subspan(3, 4));
    signature.issuers.push_back(head->subspan(7, key_id_size));
    signature.hash_algorithm = (*head)[16];
    signature.head = *head;
    signature.tail = body.subspan(head->size());
    if (!is_tail(signature.tail, (*head)[15])) return std::nullopt;
    return signature;
}

std::optional<SignaturePacket> parse_version_4(Octets body) {
    const auto parts = split_version_4(body);
    if (!parts) return std::nullopt;
    SignaturePacket signature;
    signature.version = 4;
    signature.type = static_cast<SignatureType>(parts->fixed[1]);
    signature.hash_algorithm = parts->fixed[3];
    signature.head = parts->head;
    signature.tail = parts->tail;
    if (!read_area(signature, parts->hashed, true) || !read_area(signature, parts->unhashed, false))
        return std::nullopt;
    return signature;
}

void append_subpacket(OctetString& area, std::uint8_t type, Octets data) {
    const std::size_t size = 1 + data.size();
    if (size < 192) {
        area.push_back(static_cast<std::uint8_t>(size));
    } else {
        area.push_back(255);
        for (const int shift : {24, 16, 8, 0})
            area.push_back(static_cast<std::uint8_t>(size >> shift & 0xff));
    }
    area.push_back(type);
    area.insert(area.end(), data.begin(), data.end());
}

}  // namespace

bool is_certification(SignatureType type) {
    return type >= SignatureType::generic_certification &&
           type <= SignatureType::positive_certification;
}

bool is_revocation(SignatureType type) {
    return type == SignatureType::key_revocation || type == SignatureType::subkey_revocation ||
           type == SignatureType::certification_revocation;
}

std::optional<SignatureType> announced_type(Octets body) {
    const std::size_t offset = !body.empty() && body[0] <= 3 ? 2 : 1;  // RFC 4880 §5.2.2, §5.2.3
    if (body.size() <= offset) return std::nullopt;
    return static_cast<SignatureType>(body[offset]);
}

std::optional<SignaturePacket> parse_signature(Octets body) {
    if (body.empty()) return std::nullopt;
    if (body[0] == 3) return parse_version_3(body);
    if (body[0] == 4) return parse_version_4(body);
    return std::nullopt;
}

bool names_issuer(const SignaturePacket& signature, const Fingerprint& fingerprint) {
    return std::any_of(signature.issuers.begin(), signature.issuers.end(), [&](Octets issuer) {
        const Octets named = Octets{fingerprint}.last(issuer.size());
        return std::equal(issuer.begin(), issuer.end(), named.begin(), named.end());
    });
}

OctetString without_extras(const SignaturePacket& signature, const Fingerprint& issuer) {
    OctetString body{signature.head.begin(), signature.head.end()};
    if (signature.version == 4) {
        OctetString unhashed;
        append_subpacket(unhashed, issuer_key_id, Octets{issuer}.last(key_id_size));
        if (signature.type == SignatureType::subkey_binding)
            for (const Octets embedded : signature.embedded)
                append_subpacket(unhashed, embedded_signature, embedded);
        body.push_back(static_cast<std::uint8_t>(unhashed.size() >> 8));
        body.push_back(static_cast<std::uint8_t>(unhashed.size() & 0xff));
        body.insert(body.end(), unhashed.begin(), unhashed.end());
    }
    body.insert(body.end(), signature.tail.begin(), signature.tail.end());
    return body;
}

}  // namespace maildircrypt
