#include "seal/pkesk.hpp"

#include "seal/ecdh.hpp"
#include "seal/fingerprint.hpp"
#include "seal/packet_header.hpp"
#include "seal/public_key_packet.hpp"
#include "seal/rsa.hpp"

#include <algorithm>
#include <array>
#include <variant>

namespace maildircrypt {
namespace {

constexpr std::uint8_t pkesk_tag = 1;
constexpr std::uint8_t pkesk_version = 3;
constexpr std::size_t key_id_size = 8;

Result<void> encrypt(const CryptoContext& context, const PublicKeyPacket& key,
                     const Fingerprint& fingerprint, Octets message, OctetString& out) {
    if (const auto* rsa = std::get_if<RsaNumbers>(&key.numbers))
        return encrypt_rsa(*rsa, message, out);
    return encrypt_ecdh(context, std::get<EcdhNumbers>(key.numbers), fingerprint, message, out);
}

/// Version, key id, algorithm.
OctetString start_body(const Fingerprint& fingerprint, KeyIdField key_id, std::uint8_t algorithm) {
    std::array<std::uint8_t, 1 + key_id_size + 1> start{};
    start.front() = pkesk_version;
    if (key_id == KeyIdField::shown)
        std::copy(fingerprint.end() - key_id_size, fingerprint.end(), start.begin() + 1);
    start.back() = algorithm;
    return {start.begin(), start.end()};
}

}  // namespace

Result<void> append_pkesk(const CryptoContext& context, const EncryptionKey& key,
                          const SessionKey& session_key, KeyIdField key_id, OctetString& packets) {
    const auto parsed = parse_public_key(key.packet);
    if (!parsed) return parsed.error();
    // ECDH binds the fingerprint: with a wrong one nobody could ever open the message.
    if (fingerprint_of(key.packet) != key.fingerprint)
        return retry("the key plan names a fingerprint that is not its key's");

    OctetString body = start_body(key.fingerprint, key_id, parsed->algorithm);
    if (auto done = encrypt(context, *parsed, key.fingerprint, session_key.framed(), body); !done)
        return done;
    PacketHeader header;
    header.tag(pkesk_tag);
    header.length(body.size());
    packets.insert(packets.end(), header.octets().begin(), header.octets().end());
    packets.insert(packets.end(), body.begin(), body.end());
    return {};
}

}  // namespace maildircrypt
