/// Reads BER just far enough to say: one CMS EnvelopedData or AuthEnvelopedData and nothing else
/// (RFC 5652 §6, RFC 5083).
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace maildircrypt {

/// Definite and indefinite lengths. Everything but the encrypted content may together hold
/// max_envelope octets, so that attributes cannot carry a letter. Who the recipients are is not
/// looked at: keyd knows no S/MIME certificates.
class CmsJudge {
public:
    void write(Octets octets);
    /// After the last octet.
    bool is_encrypted() const { return state_ == State::ended && content_octets_ > 0; }

private:
    enum class State { tag, length, long_length, content, end_of_contents, ended, failed };

    /// A constructed value that is open.
    struct Level {
        std::uint8_t tag = 0;
        bool indefinite = false;
        std::size_t left = 0;  ///< octets still to come; meaningless when indefinite
        int step = 0;          ///< how many of the children that must be there were there
    };

    Octets take(Octets octets);
    void take_tag(std::uint8_t octet);
    void take_length(std::uint8_t octet);
    void take_long_length(std::uint8_t octet);
    Octets take_content(Octets octets);
    void start_value(bool indefinite);
    void end_primitive();
    void end_levels();
    bool consume(std::size_t octets, bool content);

    bool is_expected();
    bool is_expected_in_content_info(Level& parent) const;
    bool is_expected_in_enveloped_data(Level& parent) const;
    bool is_expected_in_encrypted_content_info(Level& parent) const;
    bool in_encrypted_content_info() const;
    bool is_encrypted_content() const;
    bool is_complete(const Level& level) const;

    State state_ = State::tag;
    std::vector<Level> levels_;
    std::uint8_t tag_ = 0;        ///< of the value whose length or content is being read
    std::size_t length_ = 0;      ///< octets of its content still to come
    int length_octets_left_ = 0;  ///< of a long length
    OctetString content_type_;    ///< the object identifier of ContentInfo
    std::size_t content_octets_ = 0;
    std::size_t envelope_octets_ = 0;
};

}  // namespace maildircrypt
