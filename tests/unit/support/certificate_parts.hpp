/// Builds certificates packet by packet, for tests of what gpg would never make. Their signatures
/// are well-formed and false.
#pragma once

#include "keyd/packets.hpp"
#include "keyd/signature_packet.hpp"
#include "keyd/strip.hpp"
#include "seal/fingerprint.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt::test {

inline void append_number(OctetString& out, std::size_t number, int octets) {
    while (octets-- > 0) out.push_back(static_cast<std::uint8_t>(number >> (8 * octets) & 0xff));
}

/// A packet of any size; append_packet() refuses large ones.
inline OctetString packet(PacketTag tag, Octets body) {
    OctetString out{static_cast<std::uint8_t>(0xc0 | static_cast<int>(tag)), 255};
    append_number(out, body.size(), 4);
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

inline OctetString packet(PacketTag tag, std::string_view body) {
    return packet(tag, as_octets(body));
}

/// The body of a key packet: EdDSA with a point on no curve. `number` makes keys differ.
inline OctetString key_body(std::uint8_t number, std::uint8_t version = 4) {
    OctetString body{version, 0x60, 0, 0, number, 22, 3, 1, 2, 3, 1, 7, 0x40};
    body.resize(body.size() + 32, number);
    return body;
}

struct SignatureShape {
    SignatureType type = SignatureType::positive_certification;
    std::uint32_t created = 0x60000001;
    std::size_t notation = 0;  ///< octets of a signed notation's value
    std::size_t extra = 0;     ///< octets of an unsigned notation's value
    int features = -1;
    std::uint32_t lifetime = 0;
    bool revoker = false;  ///< names one, in the signed area
};

inline void append_subpacket(OctetString& area, std::uint8_t type, Octets data) {
    area.push_back(255);
    append_number(area, data.size() + 1, 4);
    area.push_back(type);
    area.insert(area.end(), data.begin(), data.end());
}

/// A notation without name.
inline OctetString notation_of(std::size_t value) {
    OctetString data(6);
    append_number(data, value, 2);
    data.resize(data.size() + value, 'n');
    return data;
}

inline OctetString signature_body(const Fingerprint& issuer, const SignatureShape& shape = {}) {
    OctetString hashed;
    OctetString time;
    append_number(time, shape.created, 4);
    append_subpacket(hashed, 2, time);
    OctetString lifetime;
    append_number(lifetime, shape.lifetime, 4);
    if (shape.lifetime != 0) append_subpacket(hashed, 3, lifetime);
    if (shape.features >= 0)
        append_subpacket(hashed, 30, OctetString{static_cast<std::uint8_t>(shape.features)});
    if (shape.revoker) append_subpacket(hashed, 12, OctetString(22, 0x80));
    if (shape.notation > 0) append_subpacket(hashed, 20, notation_of(shape.notation));
    OctetString unhashed;
    append_subpacket(unhashed, 16, Octets{issuer}.last(8));
    if (shape.extra > 0) append_subpacket(unhashed, 20, notation_of(shape.extra));
    OctetString body{4, static_cast<std::uint8_t>(shape.type), 22, 8};
    append_number(body, hashed.size(), 2);
    body.insert(body.end(), hashed.begin(), hashed.end());
    append_number(body, unhashed.size(), 2);
    body.insert(body.end(), unhashed.begin(), unhashed.end());
    const OctetString tail{0xab, 0xcd, 0, 9, 1, 0xff, 0, 9, 1, 0xfe};
    body.insert(body.end(), tail.begin(), tail.end());
    return body;
}

inline OctetString signature(const Fingerprint& issuer, const SignatureShape& shape = {}) {
    return packet(PacketTag::signature, signature_body(issuer, shape));
}

inline OctetString joined(const std::vector<OctetString>& parts) {
    OctetString all;
    for (const OctetString& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

/// Notes everything that stripping finds.
struct Collected : StrippedReceiver {
    std::vector<TransferableKey> keys;
    std::vector<std::string> refusals;
    std::vector<OctetString> revocations;
    std::string error;  ///< of the upload as a whole

    Collected() = default;
    explicit Collected(Octets upload) {
        if (const auto done = strip_certificates(upload, *this); !done) error = done.error().what;
    }
    void certificate(TransferableKey key) override { keys.push_back(std::move(key)); }
    void refused(std::string why) override { refusals.push_back(std::move(why)); }
    void revocation(Octets body) override { revocations.emplace_back(body.begin(), body.end()); }
};

}  // namespace maildircrypt::test
