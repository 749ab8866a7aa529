/// Decides from its structure whether a message is PGP/MIME, encrypted to given recipients, and
/// nothing else (RFC 3156 §4).
#pragma once

#include "base/bytes.hpp"
#include "seal/base64_reader.hpp"
#include "seal/encryption_judge.hpp"
#include "seal/header.hpp"
#include "seal/key_plan.hpp"
#include "seal/packet_judge.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// The boundary of a root that claims to be multipart/encrypted with OpenPGP, if the claim leaves
/// no room for two readings: one Content-Type, well formed, and no transfer encoding. Everything
/// else is not even a candidate.
std::optional<std::string> pgp_mime_boundary(const std::vector<HeaderField>& fields);

/// Fed with the body behind the header. Whatever deviates from the strictest form is "no": such
/// mail is sealed, which is always safe. Memory is bounded by max_line.
class PgpMimeJudge : public EncryptionJudge {
public:
    PgpMimeJudge(std::string boundary, std::vector<std::vector<Fingerprint>> recipients);

    void write(std::string_view piece) override;
    /// After the last octet.
    bool is_encrypted_to_all() override;

private:
    enum class State {
        preamble,
        version_header,
        version_body,
        data_header,
        before_armour,
        armour_header,
        armour_data,
        armour_tail,
        after_armour,
        epilogue,
        failed,
    };

    State take_line(std::string_view line);
    State take_preamble(std::string_view line) const;
    State take_part_header(std::string_view line, State next);
    State take_version_body(std::string_view line);
    State take_armour_header(std::string_view line);
    State take_armour_data(std::string_view line);
    bool part_header_is(std::string_view type, std::string_view subtype) const;
    bool is_delimiter(std::string_view line) const;
    bool is_close_delimiter(std::string_view line) const;

    std::string delimiter_;
    PacketJudge packets_;
    State state_ = State::preamble;
    std::string line_;
    std::string part_header_;
    std::size_t armour_header_size_ = 0;
    bool version_seen_ = false;
    Base64Reader base64_;
    OctetString decoded_;
};

}  // namespace maildircrypt
