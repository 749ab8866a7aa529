#include "seal/cms_judge.hpp"

#include <algorithm>
#include <array>

namespace maildircrypt {
namespace {

constexpr std::size_t max_depth = 16;
constexpr std::size_t max_envelope = 64 * 1024;  // octets around the encrypted content

// X.690 §8.1.2: the tags that CMS uses here.
constexpr std::uint8_t constructed_bit = 0x20;
constexpr std::uint8_t integer = 0x02;
constexpr std::uint8_t octet_string = 0x04;
constexpr std::uint8_t object_identifier = 0x06;
constexpr std::uint8_t sequence = 0x30;
constexpr std::uint8_t set = 0x31;
constexpr std::uint8_t primitive_0 = 0x80;
constexpr std::uint8_t constructed_0 = 0xa0;
constexpr std::uint8_t constructed_1 = 0xa1;
constexpr std::uint8_t constructed_2 = 0xa2;

/// 1.2.840.113549.1.7.3
constexpr std::array<std::uint8_t, 9> enveloped_data{0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                     0x0d, 0x01, 0x07, 0x03};
/// 1.2.840.113549.1.9.16.1.23
constexpr std::array<std::uint8_t, 11> auth_enveloped_data{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                                           0x01, 0x09, 0x10, 0x01, 0x17};

bool equal(const OctetString& left, Octets right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

/// The next of the children that must be there.
bool advance(int& step) {
    ++step;
    return true;
}

}  // namespace

void CmsJudge::write(Octets octets) {
    while (!octets.empty() && state_ != State::failed) octets = take(octets);
}

Octets CmsJudge::take(Octets octets) {
    if (state_ == State::content) return take_content(octets);
    const std::uint8_t octet = octets.front();
    if (state_ == State::ended || !consume(1, false)) {
        state_ = State::failed;
        return {};
    }
    switch (state_) {
        case State::tag:
            take_tag(octet);
            break;
        case State::length:
            take_length(octet);
            break;
        case State::long_length:
            take_long_length(octet);
            break;
        case State::end_of_contents:
            levels_.back().indefinite = false;
            levels_.back().left = 0;
            state_ = octet == 0 ? State::tag : State::failed;
            if (octet == 0) end_levels();
            break;
        case State::content:
        case State::ended:
        case State::failed:
            break;
    }
    return octets.subspan(1);
}

void CmsJudge::take_tag(std::uint8_t octet) {
    tag_ = octet;
    if (octet == 0)
        state_ =
            !levels_.empty() && levels_.back().indefinite ? State::end_of_contents : State::failed;
    else
        state_ = (octet & 0x1f) == 0x1f ? State::failed : State::length;
}

/// X.690 §8.1.3.
void CmsJudge::take_length(std::uint8_t octet) {
    length_ = 0;
    if (octet < 0x80) {
        length_ = octet;
        start_value(false);
    } else if (octet == 0x80) {
        if ((tag_ & constructed_bit) != 0)
            start_value(true);
        else
            state_ = State::failed;
    } else {
        length_octets_left_ = octet & 0x7f;
        state_ = length_octets_left_ <= 4 ? State::long_length : State::failed;
    }
}

void CmsJudge::take_long_length(std::uint8_t octet) {
    length_ = length_ << 8 | octet;
    if (--length_octets_left_ == 0) start_value(false);
}

void CmsJudge::start_value(bool indefinite) {
    if (levels_.size() >= max_depth || !is_expected()) {
        state_ = State::failed;
    } else if ((tag_ & constructed_bit) != 0) {
        levels_.push_back({tag_, indefinite, length_, 0});
        state_ = State::tag;
        end_levels();
    } else if (length_ > 0) {
        state_ = State::content;
    } else {
        end_primitive();
    }
}

Octets CmsJudge::take_content(Octets octets) {
    const std::size_t count = std::min(length_, octets.size());
    const bool content = is_encrypted_content();
    if (!consume(count, content)) {
        state_ = State::failed;
        return {};
    }
    if (levels_.size() == 1)
        content_type_.insert(content_type_.end(), octets.begin(),
                             octets.begin() + static_cast<std::ptrdiff_t>(count));
    length_ -= count;
    if (length_ == 0) end_primitive();
    return octets.subspan(count);
}

void CmsJudge::end_primitive() {
    const bool wrong_type = levels_.size() == 1 && !equal(content_type_, enveloped_data) &&
                            !equal(content_type_, auth_enveloped_data);
    state_ = wrong_type ? State::failed : State::tag;
    if (!wrong_type) end_levels();
}

void CmsJudge::end_levels() {
    while (!levels_.empty() && !levels_.back().indefinite && levels_.back().left == 0) {
        if (!is_complete(levels_.back())) {
            state_ = State::failed;
            return;
        }
        levels_.pop_back();
        if (levels_.empty()) state_ = State::ended;
    }
}

/// Takes octets off every open definite length; false when one of them is too short, or the
/// envelope too long.
bool CmsJudge::consume(std::size_t octets, bool content) {
    (content ? content_octets_ : envelope_octets_) += octets;
    for (Level& level : levels_) {
        if (level.indefinite) continue;
        if (level.left < octets) return false;
        level.left -= octets;
    }
    return envelope_octets_ <= max_envelope;
}

bool CmsJudge::is_expected() {
    switch (levels_.size()) {
        case 0:
            return tag_ == sequence;
        case 1:
            return is_expected_in_content_info(levels_.back());
        case 2:
            return tag_ == sequence && advance(levels_.back().step) && levels_.back().step == 1;
        case 3:
            return is_expected_in_enveloped_data(levels_.back());
        case 4:
            if (in_encrypted_content_info())
                return is_expected_in_encrypted_content_info(levels_.back());
            return advance(levels_.back().step);
        case 5:
            if (in_encrypted_content_info() && levels_[4].tag == constructed_0)
                return tag_ == octet_string;
            return true;
        default:
            return true;
    }
}

/// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY }, RFC 5652
/// §3.
bool CmsJudge::is_expected_in_content_info(Level& parent) const {
    const std::uint8_t wanted = parent.step == 0 ? object_identifier : constructed_0;
    return parent.step < 2 && tag_ == wanted && advance(parent.step);
}

/// version, originatorInfo [0] OPTIONAL, recipientInfos SET, content SEQUENCE, then attributes [1]
/// OPTIONAL (RFC 5652 §6.1), or authAttrs [1] OPTIONAL, mac OCTET STRING, unauthAttrs [2] OPTIONAL
/// (RFC 5083 §2.1).
bool CmsJudge::is_expected_in_enveloped_data(Level& parent) const {
    const bool authenticated = equal(content_type_, auth_enveloped_data);
    switch (parent.step) {
        case 0:
            return tag_ == integer && advance(parent.step);
        case 1:
            return tag_ == constructed_0 || (tag_ == set && advance(parent.step));
        case 2:
            return tag_ == sequence && advance(parent.step);
        case 3:
            if (tag_ == constructed_1) return true;
            return authenticated && tag_ == octet_string && advance(parent.step);
        case 4:
            return tag_ == constructed_2;
        default:
            return false;
    }
}

/// contentType, contentEncryptionAlgorithm, encryptedContent [0] IMPLICIT OCTET STRING, RFC 5652
/// §6.1.
bool CmsJudge::is_expected_in_encrypted_content_info(Level& parent) const {
    switch (parent.step) {
        case 0:
            return tag_ == object_identifier && advance(parent.step);
        case 1:
            return tag_ == sequence && advance(parent.step);
        case 2:
            return (tag_ == primitive_0 || tag_ == constructed_0) && advance(parent.step);
        default:
            return false;
    }
}

bool CmsJudge::in_encrypted_content_info() const {
    return levels_.size() >= 4 && levels_[2].step == 3 && levels_[3].tag == sequence;
}

bool CmsJudge::is_encrypted_content() const {
    if (!in_encrypted_content_info()) return false;
    return (levels_.size() == 4 && tag_ == primitive_0) ||
           (levels_.size() == 5 && levels_[4].tag == constructed_0);
}

/// Called for the innermost open level.
bool CmsJudge::is_complete(const Level& level) const {
    switch (levels_.size()) {
        case 1:
            return level.step == 2;
        case 2:
            return level.step == 1;
        case 3:
            return level.step == (equal(content_type_, auth_enveloped_data) ? 4 : 3);
        case 4:
            if (in_encrypted_content_info()) return level.step == 3;
            return level.tag != set || level.step > 0;
        default:
            return true;
    }
}

}  // namespace maildircrypt
