#include "seal/armour_writer.hpp"

#include <algorithm>

namespace maildircrypt {

Result<void> ArmourWriter::flush() {
    const std::string_view text{text_.data(), text_size_};
    text_size_ = 0;
    return sink_.write(text);
}

Result<std::span<char>> ArmourWriter::room(std::size_t size) {
    if (text_.size() - text_size_ < size)
        if (auto done = flush(); !done) return done.error();
    return std::span{text_}.subspan(text_size_, size);
}

Result<void> ArmourWriter::put(std::string_view text) {
    const auto space = room(text.size());
    if (!space) return space.error();
    std::ranges::copy(text, space->begin());
    text_size_ += text.size();
    return {};
}

Result<void> ArmourWriter::put_line(std::span<const std::uint8_t, base64_line_octets> octets) {
    constexpr std::size_t characters = base64_size(base64_line_octets);
    const auto space = room(characters + line_end_.size());
    if (!space) return space.error();
    encode_base64_line(octets, space->first<characters>());
    std::ranges::copy(line_end_, space->subspan(characters).begin());
    text_size_ += space->size();
    return {};
}

Result<void> ArmourWriter::put_short_line(Octets octets) {
    std::array<char, base64_size(base64_line_octets)> line;
    encode_base64(octets, line);
    if (auto done = put({line.data(), base64_size(octets.size())}); !done) return done;
    return put(line_end_);
}

Result<void> ArmourWriter::start() {
    if (auto done = put("-----BEGIN PGP MESSAGE-----"); !done) return done;
    if (auto done = put(line_end_); !done) return done;
    return put(line_end_);
}

Result<void> ArmourWriter::write(Octets piece) {
    if (checksum_ == ArmourChecksum::crc24) crc_.update(piece);
    if (line_size_ > 0) {
        const std::size_t count = std::min(piece.size(), base64_line_octets - line_size_);
        std::ranges::copy(piece.first(count), std::span{line_}.subspan(line_size_).begin());
        line_size_ += count;
        piece = piece.subspan(count);
        if (line_size_ < base64_line_octets) return {};
        if (auto done = put_line(line_); !done) return done;
        line_size_ = 0;
    }
    for (; piece.size() >= base64_line_octets; piece = piece.subspan(base64_line_octets))
        if (auto done = put_line(piece.first<base64_line_octets>()); !done) return done;
    std::ranges::copy(piece, line_.begin());
    line_size_ = piece.size();
    return {};
}

Result<void> ArmourWriter::put_checksum() {
    const std::uint32_t crc = crc_.value();
    const std::array<std::uint8_t, 3> checksum{static_cast<std::uint8_t>(crc >> 16U),
                                               static_cast<std::uint8_t>(crc >> 8U & 0xFFU),
                                               static_cast<std::uint8_t>(crc & 0xFFU)};
    if (auto done = put("="); !done) return done;
    return put_short_line(checksum);
}

Result<void> ArmourWriter::finish() {
    if (line_size_ > 0)
        if (auto done = put_short_line(Octets{line_}.first(line_size_)); !done) return done;
    if (checksum_ == ArmourChecksum::crc24)
        if (auto done = put_checksum(); !done) return done;
    if (auto done = put("-----END PGP MESSAGE-----"); !done) return done;
    if (auto done = put(line_end_); !done) return done;
    return flush();
}

}  // namespace maildircrypt
