/// Reads a stream of OpenPGP packets just far enough to say: encrypted, and to these recipients.
/// RFC 4880 §4, §5.1, §5.13.
#pragma once

#include "base/bytes.hpp"
#include "seal/key_plan.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace maildircrypt {

/// The verdict is yes only for: one or more PKESK packets of one version, then one SEIPD packet of
/// the version that goes with it, nothing else, nothing cut short; and for each recipient a PKESK
/// that names one of its keys or nobody (anonymous).
class PacketJudge {
public:
    /// Per recipient the keys it is recognised by.
    explicit PacketJudge(std::vector<std::vector<Fingerprint>> recipients);

    void write(Octets octets);
    /// After the last octet.
    bool is_encrypted_to_all() const;

private:
    enum class Expect { tag, length, old_length, body, nothing, failed };

    Octets take(Octets octets);
    void take_tag(std::uint8_t octet);
    void take_length(std::uint8_t octet);
    void take_old_length(std::uint8_t octet);
    void start_body(std::size_t length, bool partial);
    Octets take_body(Octets octets);
    void end_chunk();
    void end_session_key();
    bool fits_session_keys(std::uint8_t container_version) const;
    void match(Octets key_id_or_fingerprint);

    std::vector<std::vector<Fingerprint>> recipients_;
    std::vector<bool> matched_;
    Expect expect_ = Expect::tag;
    std::uint8_t tag_ = 0;
    std::uint32_t length_ = 0;     ///< of a length that is being read
    std::size_t length_bias_ = 0;  ///< 192 in two-octet lengths
    int length_octets_left_ = 0;
    std::size_t chunk_left_ = 0;  ///< octets of the body, or of its present partial chunk
    bool partial_ = false;
    std::size_t container_octets_ = 0;      ///< of the SEIPD packet's body
    OctetString session_key_;               ///< body of the PKESK packet that is being read
    std::uint8_t session_key_version_ = 0;  ///< of all PKESK packets so far
};

}  // namespace maildircrypt
