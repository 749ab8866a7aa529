/// ASCII armour of an encrypted message, RFC 4880 §6.2: no armour headers, lines of 76.
#pragma once

#include "base/sink.hpp"
#include "seal/base64.hpp"
#include "seal/crc24.hpp"
#include "seal/line_end.hpp"
#include "seal/octet_sink.hpp"

#include <array>
#include <span>
#include <string_view>

namespace maildircrypt {

/// Around a version 1 container always there: gpg 2.2 does not read armour without it when the
/// base64 needs no `=`. Around version 2 never (RFC 9580 §6.1).
enum class ArmourChecksum { crc24, none };

/// Takes ciphertext only: what it holds is not wiped.
class ArmourWriter : public OctetSink {
public:
    /// `text` outlives the writer and gets pieces of several KiB.
    ArmourWriter(LineEnd line_end, ArmourChecksum checksum, Sink& text)
        : line_end_(text_of(line_end)), checksum_(checksum), sink_(text) {}

    Result<void> start();
    Result<void> write(Octets piece) override;
    /// Last line, checksum, tail. Called once.
    Result<void> finish();

private:
    Result<void> put_line(std::span<const std::uint8_t, base64_line_octets> octets);
    Result<void> put_checksum();
    Result<void> put_short_line(Octets octets);
    Result<void> put(std::string_view text);
    Result<std::span<char>> room(std::size_t size);
    Result<void> flush();

    std::string_view line_end_;
    ArmourChecksum checksum_;
    Sink& sink_;
    Crc24 crc_;
    std::array<std::uint8_t, base64_line_octets> line_;  ///< octets that do not fill a line yet
    std::size_t line_size_ = 0;
    std::array<char, 16384> text_;
    std::size_t text_size_ = 0;
};

}  // namespace maildircrypt
