#include "seal/pkesk.hpp"

#include "seal/ecdh.hpp"
#include "seal/fingerprint.hpp"
#include "seal/packet_header.hpp"
#include "seal/public_key_packet.hpp"
#include "seal/rsa.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <variant>

namespace maildircrypt {
namespace {

constexpr std::uint8_t pkesk_tag = 1;
constexpr std::size_t key_id_size = 8;

Result<void> encrypt(const CryptoContext& context, const PublicKeyPacket& key,
                     const Fingerprint& fingerprint, Octets message, OctetString& out) {
    if (const auto* rsa = std::get_if<RsaNumbers>(&key.numbers))
        return encrypt_rsa(*rsa, message, out);
    return encrypt_ecdh(context, std::get<EcdhNumbers>(key.numbers), fingerprint, message, out);
}

/// Version 3 and the key id, which may be zero.
OctetString start_version3(const Fingerprint& fingerprint, KeyName name) {
    OctetString start(1 + key_id_size, 0);
    start.front() = 3;
    if (name == KeyName::shown)
        std::copy(fingerprint.end() - key_id_size, fingerprint.end(), start.begin() + 1);
    return start;
}

/// Version 6, the size of the name, and the name: the key's version and fingerprint, or nothing.
OctetString start_version6(const Fingerprint& fingerprint, KeyName name) {
    constexpr std::uint8_t key_version = 4;
    if (name == KeyName::hidden) return {6, 0};
    OctetString start{6, 1 + std::tuple_size_v<Fingerprint>, key_version};
    start.insert(start.end(), fingerprint.begin(), fingerprint.end());
    return start;
}

}  // namespace

Result<void> append_pkesk(const CryptoContext& context, const EncryptionKey& key,
                          const SessionKey& session_key, SeipdVersion version, KeyName name,
                          OctetString& packets) {
    const auto parsed = parse_public_key(key.packet);
    if (!parsed) return parsed.error();
    // ECDH binds the fingerprint: with a wrong one nobody could ever open the message.
    if (fingerprint_of(key.packet) != key.fingerprint)
        return retry("the key plan names a fingerprint that is not its key's");

    const bool version3 = version == SeipdVersion::v1;
    OctetString body =
        version3 ? start_version3(key.fingerprint, name) : start_version6(key.fingerprint, name);
    body.push_back(parsed->algorithm);
    const Octets secret = version3 ? session_key.framed() : session_key.framed_without_cipher();
    if (auto done = encrypt(context, *parsed, key.fingerprint, secret, body); !done) return done;
    PacketHeader header;
    header.tag(pkesk_tag);
    header.length(body.size());
    packets.insert(packets.end(), header.octets().begin(), header.octets().end());
    packets.insert(packets.end(), body.begin(), body.end());
    return {};
}

}  // namespace maildircrypt
