#include "seal/deflate_stream.hpp"

#include <algorithm>
#include <array>

namespace maildircrypt {
namespace {

/// In front of one octet: the last block, stored.
constexpr std::array<std::uint8_t, 5> final_header{0x01, 0x01, 0x00, 0xFE, 0xFF};
/// An empty stored block (RFC 1951 §3.2.4): header, LEN, NLEN.
constexpr std::array<std::uint8_t, 5> filler_of_5{0x00, 0x00, 0x00, 0xFF, 0xFF};
/// An empty block of fixed codes (3 bits of header, 7 of end-of-block) and an empty stored block.
constexpr std::array<std::uint8_t, 6> filler_of_6{0x02, 0x00, 0x00, 0x00, 0xFF, 0xFF};

/// From here on every gap is 5a + 6b: b = gap mod 5 is at most 4.
constexpr std::uint64_t smallest_gap = 20;

/// Many fillers at once, so that megabytes of padding go on in few writes.
constexpr std::size_t fillers_at_once = 512;
constexpr auto many_fillers = [] {
    std::array<std::uint8_t, fillers_at_once * filler_of_5.size()> run{};
    for (std::size_t i = 0; i < run.size(); ++i) run[i] = filler_of_5[i % filler_of_5.size()];
    return run;
}();

}  // namespace

Result<void> DeflateStream::emit(Octets octets) {
    length_ += octets.size();
    return next_.write(octets);
}

Result<void> DeflateStream::pad(std::uint64_t gap) {
    for (; gap % filler_of_5.size() != 0; gap -= filler_of_6.size())
        if (auto done = emit(filler_of_6); !done) return done;
    while (gap > 0) {
        const std::uint64_t count = std::min<std::uint64_t>(gap, many_fillers.size());
        if (auto done = emit(Octets{many_fillers}.first(count)); !done) return done;
        gap -= count;
    }
    return {};
}

Result<void> DeflateStream::finish(Octets last, Padding padding, std::uint64_t at_least) {
    if (auto done = write(last.first(last.size() - 1)); !done) return done;
    if (auto done = align(); !done) return done;
    const std::uint64_t unpadded = length_ + final_header.size() + 1;
    std::uint64_t length = std::max(unpadded, at_least);
    if (length != unpadded || padding == Padding::padme)
        length = std::max(length, unpadded + smallest_gap);
    if (padding == Padding::padme) length = padme(length);
    if (auto done = pad(length - unpadded); !done) return done;
    if (auto done = emit(final_header); !done) return done;
    return emit(last.last(1));
}

}  // namespace maildircrypt
