/// An OpenPGP decryptor for the tests, written apart from the encryptor that it judges. It throws
/// std::runtime_error at the first thing that is not exactly as the formats want it.
#pragma once

#include "base/bytes.hpp"
#include "tests/unit/pgp_key.hpp"

#include <string>
#include <vector>

namespace maildircrypt::test {

/// Checks frame, line lengths, line ends and the CRC24, which must be there.
OctetString dearmour(std::string_view armour, std::string_view line_end);

struct Packet {
    int tag;
    OctetString body;
    std::vector<std::size_t> partial;  ///< lengths of the partial pieces; empty: one definite
    std::size_t last;                  ///< length of the last piece
};
std::vector<Packet> split_packets(Octets octets);

/// The session key, 32 octets. Versions 3 and 6.
OctetString open_pkesk(const Packet& packet, const KeyPair& key);
/// The plaintext of version 1, between prefix and MDC, both checked; or of version 2 with OCB, all
/// tags checked.
OctetString open_seipd(const Packet& packet, const OctetString& session_key);
/// Raw deflate that ends exactly at the end of its input.
OctetString inflate_all(Octets deflated);

/// All of the above: what a recipient sees.
struct Opened {
    std::vector<Packet> packets;
    OctetString session_key;
    Packet compressed;
    Packet literal;
    std::string text;
};
Opened open_message(std::string_view armour, const KeyPair& key,
                    std::string_view line_end = "\r\n");

}  // namespace maildircrypt::test
