/// The packets of a certificate: octets are split into them and written back, RFC 4880 §4.2.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "seal/octet_reader.hpp"

#include <cstdint>
#include <optional>

namespace maildircrypt {

/// Tags of RFC 4880 §4.3 and RFC 9580 §5 that keyd tells apart.
enum class PacketTag : std::uint8_t {
    public_session_key = 1,
    signature = 2,
    symmetric_session_key = 3,
    one_pass_signature = 4,
    secret_key = 5,
    public_key = 6,
    secret_subkey = 7,
    compressed = 8,
    encrypted = 9,
    marker = 10,
    literal = 11,
    trust = 12,
    user_id = 13,
    public_subkey = 14,
    user_attribute = 17,
    sealed = 18,
    gnupg_aead = 20,
    padding = 21,
};

/// A view into the octets that the reader was made from.
struct Packet {
    PacketTag tag;
    Octets body;
};

/// What the refusal of a secret key says, whatever it came in.
Error secret_key_refused();

/// Splits octets that outlive it. Errors (refuse): a secret key or secret subkey, even a damaged
/// one; no packet header where one must be; a length beyond the end; partial and indeterminate
/// lengths, which no packet of a certificate may have (RFC 4880 §4.2.2.4).
class PacketReader {
public:
    explicit PacketReader(Octets octets) : reader_(octets) {}
    /// The next packet, or nothing at the end. Not called again after an error.
    Result<std::optional<Packet>> next();
    /// Octets behind the last packet.
    std::size_t left() const { return reader_.left(); }

private:
    std::optional<std::uint32_t> read_old_length(std::uint8_t header);
    std::optional<std::uint32_t> read_current_length();

    OctetReader reader_;
};

/// The tag that the first octet announces; nothing when it is not a packet header.
std::optional<PacketTag> first_tag(Octets octets);

/// Appends the packet with a header of the current format. `body` has at most max_packet octets
/// (std::length_error if not).
void append_packet(OctetString& out, PacketTag tag, Octets body);

}  // namespace maildircrypt
