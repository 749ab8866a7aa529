#include "keyd/packets.hpp"

#include "seal/packet_header.hpp"

namespace maildircrypt {
namespace {

constexpr std::uint8_t is_packet = 0x80;
constexpr std::uint8_t is_current_format = 0x40;
constexpr std::size_t one_octet_lengths = 192;  // RFC 4880 §4.2.2.1
constexpr std::uint8_t first_partial = 224;     // §4.2.2.4
constexpr std::uint8_t five_octets = 255;       // §4.2.2.3
constexpr std::uint8_t indeterminate = 3;       // §4.2.1

Error damaged(const std::string& how) {
    return refuse("damaged certificate: " + how +
                  "; export it again (gpg --armor --export ADDRESS)");
}

}  // namespace

Error secret_key_refused() {
    return refuse(
        "this is a secret key, which nobody but its owner may have; it was not stored. Export the "
        "public one with: gpg --armor --export ADDRESS");
}

std::optional<PacketTag> first_tag(Octets octets) {
    if (octets.empty() || (octets[0] & is_packet) == 0) return std::nullopt;
    const bool current = (octets[0] & is_current_format) != 0;
    const int tag = current ? octets[0] & 0x3f : octets[0] >> 2 & 0x0f;
    if (tag == 0) return std::nullopt;  // reserved, RFC 4880 §4.3
    return static_cast<PacketTag>(tag);
}

/// RFC 4880 §4.2.1: one, two or four octets.
std::optional<std::uint32_t> PacketReader::read_old_length(std::uint8_t header) {
    return reader_.number(std::size_t{1} << (header & 0x03));
}

std::optional<std::uint32_t> PacketReader::read_current_length() {
    const auto first = reader_.number(1);
    if (!first || *first < one_octet_lengths) return first;
    if (*first == five_octets) return reader_.number(4);
    if (*first >= first_partial) return std::nullopt;
    const auto second = reader_.number(1);
    if (!second) return std::nullopt;
    return (*first - one_octet_lengths) * 256 + *second + one_octet_lengths;
}

Result<std::optional<Packet>> PacketReader::next() {
    if (reader_.left() == 0) return std::optional<Packet>{};
    const Octets header = *reader_.take(1);
    const auto tag = first_tag(header);
    if (!tag) return damaged("octets that are no OpenPGP packet");
    if (*tag == PacketTag::secret_key || *tag == PacketTag::secret_subkey)
        return secret_key_refused();
    const bool current = (header[0] & is_current_format) != 0;
    if (!current && (header[0] & 0x03) == indeterminate) return damaged("a packet without length");
    const auto length = current ? read_current_length() : read_old_length(header[0]);
    const auto body = length ? reader_.take(*length) : std::nullopt;
    if (!body) return damaged("a packet in it is cut short or has no definite length");
    return std::optional<Packet>{Packet{*tag, *body}};
}

void append_packet(OctetString& out, PacketTag tag, Octets body) {
    PacketHeader header;
    header.tag(static_cast<std::uint8_t>(tag));
    header.length(body.size());
    const Octets octets = header.octets();
    out.insert(out.end(), octets.begin(), octets.end());
    out.insert(out.end(), body.begin(), body.end());
}

}  // namespace maildircrypt
