#include "seal/packet_judge.hpp"

#include <algorithm>
#include <tuple>

namespace maildircrypt {
namespace {

constexpr std::uint8_t session_key_tag = 1;  // RFC 4880 §4.3
constexpr std::uint8_t container_tag = 18;
constexpr std::size_t max_session_key = 2048;  // octets; RSA-8192 needs 1,040
constexpr std::size_t min_container = 41;      // version, prefix, MDC: RFC 4880 §5.13
constexpr std::size_t key_id_size = 8;
constexpr std::size_t min_version3 = 1 + key_id_size + 1 + 2;
constexpr std::uint8_t key_version = 4;
constexpr std::size_t named_version6 = 1 + std::tuple_size_v<Fingerprint>;

}  // namespace

PacketJudge::PacketJudge(std::vector<std::vector<Fingerprint>> recipients)
    : recipients_(std::move(recipients)), matched_(recipients_.size(), false) {}

void PacketJudge::write(Octets octets) {
    while (!octets.empty() && expect_ != Expect::failed) octets = take(octets);
}

Octets PacketJudge::take(Octets octets) {
    switch (expect_) {
        case Expect::tag:
            take_tag(octets.front());
            break;
        case Expect::length:
            take_length(octets.front());
            break;
        case Expect::old_length:
            take_old_length(octets.front());
            break;
        case Expect::body:
            return take_body(octets);
        case Expect::nothing:
            expect_ = Expect::failed;
            break;
        case Expect::failed:
            break;
    }
    return octets.subspan(1);
}

void PacketJudge::take_tag(std::uint8_t octet) {
    const bool new_format = (octet & 0xc0) == 0xc0;
    const bool old_format = (octet & 0xc0) == 0x80 && (octet & 0x03) != 0x03;
    tag_ = new_format ? octet & 0x3f : (octet >> 2) & 0x0f;
    const bool known = tag_ == session_key_tag || (new_format && tag_ == container_tag);
    if (!known || (!new_format && !old_format)) {
        expect_ = Expect::failed;
        return;
    }
    length_ = 0;
    length_octets_left_ = new_format ? 0 : 1 << (octet & 0x03);
    expect_ = new_format ? Expect::length : Expect::old_length;
}

/// RFC 4880 §4.2.2.
void PacketJudge::take_length(std::uint8_t octet) {
    if (length_octets_left_ > 0) {
        length_ = length_ << 8 | octet;
        if (--length_octets_left_ == 0) start_body(length_ + length_bias_, false);
        return;
    }
    if (octet < 192) return start_body(octet, false);
    if (octet >= 224 && octet < 255) return start_body(std::size_t{1} << (octet & 0x1f), true);
    const bool four_octets = octet == 255;
    length_ = four_octets ? 0 : octet - 192U;
    length_bias_ = four_octets ? 0 : 192;
    length_octets_left_ = four_octets ? 4 : 1;
}

void PacketJudge::take_old_length(std::uint8_t octet) {
    length_ = length_ << 8 | octet;
    if (--length_octets_left_ == 0) start_body(length_, false);
}

void PacketJudge::start_body(std::size_t length, bool partial) {
    chunk_left_ = length;
    partial_ = partial;
    expect_ = Expect::body;
    if (tag_ == session_key_tag && (partial || length > max_session_key))
        expect_ = Expect::failed;
    else if (length == 0)
        end_chunk();
}

Octets PacketJudge::take_body(Octets octets) {
    const auto count = std::min(chunk_left_, octets.size());
    if (tag_ == session_key_tag) {
        session_key_.insert(session_key_.end(), octets.begin(),
                            octets.begin() + static_cast<std::ptrdiff_t>(count));
    } else {
        if (container_octets_ == 0 && !fits_session_keys(octets.front())) {
            expect_ = Expect::failed;
            return octets;
        }
        container_octets_ += count;
    }
    chunk_left_ -= count;
    if (chunk_left_ == 0) end_chunk();
    return octets.subspan(count);
}

void PacketJudge::end_chunk() {
    if (partial_) {
        length_octets_left_ = 0;
        expect_ = Expect::length;
    } else if (tag_ == session_key_tag) {
        expect_ = Expect::tag;
        end_session_key();
    } else {
        expect_ = container_octets_ >= min_container ? Expect::nothing : Expect::failed;
    }
}

/// Version 1 goes with version 3 and 2 with 6 (RFC 9580 §10.3.2.1).
bool PacketJudge::fits_session_keys(std::uint8_t container_version) const {
    return (container_version == 1 && session_key_version_ == 3) ||
           (container_version == 2 && session_key_version_ == 6);
}

/// Version 3 names a key id (RFC 4880 §5.1), version 6 a fingerprint with its length and version
/// (RFC 9580 §5.1.2), or nothing.
void PacketJudge::end_session_key() {
    const Octets body{session_key_};
    const std::uint8_t version = body.empty() ? 0 : body[0];
    const bool mixed = session_key_version_ != 0 && session_key_version_ != version;
    session_key_version_ = version;
    if (mixed) {
        expect_ = Expect::failed;
    } else if (version == 3 && body.size() >= min_version3) {
        match(body.subspan(1, key_id_size));
    } else if (version == 6 && body.size() >= 3 && body.size() >= 3U + body[1]) {
        const bool our_kind = body[1] == named_version6 && body[2] == key_version;
        if (body[1] == 0) match({});
        if (our_kind) match(body.subspan(3, named_version6 - 1));
    } else {
        expect_ = Expect::failed;
    }
    session_key_.clear();
}

void PacketJudge::match(Octets name) {
    const bool anonymous =
        std::all_of(name.begin(), name.end(), [](auto octet) { return octet == 0; });
    for (std::size_t i = 0; i < recipients_.size(); ++i) {
        for (const Fingerprint& key : recipients_[i]) {
            const bool named = !name.empty() && name.size() <= key.size() &&
                               std::equal(name.rbegin(), name.rend(), key.rbegin());
            if (named) matched_[i] = true;
        }
        if (anonymous) matched_[i] = true;
    }
}

bool PacketJudge::is_encrypted_to_all() const {
    return expect_ == Expect::nothing && !matched_.empty() &&
           std::all_of(matched_.begin(), matched_.end(), [](bool matched) { return matched; });
}

}  // namespace maildircrypt
