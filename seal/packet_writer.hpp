/// Writes one packet of unknown length: partial body lengths (RFC 4880 §4.2.2.4), or a definite one
/// when the body fits in one piece.
#pragma once

#include "base/secret.hpp"
#include "seal/octet_sink.hpp"
#include "seal/packet_header.hpp"

#include <span>

namespace maildircrypt {

/// Gathers pieces of piece_size octets and hands each on with its header in one write. The last
/// piece, of 1 to piece_size octets, has a definite length, so that a body of at most piece_size is
/// not split. What it holds is wiped.
class PacketWriter : public OctetSink {
public:
    static constexpr unsigned piece_exponent = 13;
    static constexpr std::size_t piece_size = std::size_t{1} << piece_exponent;
    static_assert(piece_size <= PacketHeader::longest_body);

    /// `next` outlives the writer.
    PacketWriter(std::uint8_t tag, OctetSink& next) : tag_(tag), next_(next) {}

    Result<void> write(Octets piece) override;

    /// To write without a copy: fill the front of room(), which is never empty, then advance().
    Result<std::span<std::uint8_t>> room();
    void advance(std::size_t filled) { size_ += filled; }

    /// Writes the last piece. Called once.
    Result<void> finish();
    /// Instead of finish(): what it would write, valid as long as the writer. Called once.
    Octets last_piece();

private:
    PacketHeader start_header();
    Octets take_piece(const PacketHeader& header);

    std::uint8_t tag_;
    OctetSink& next_;
    bool started_ = false;
    std::size_t size_ = 0;
    SecretArray<PacketHeader::longest + piece_size> buffer_;  ///< header room, then the piece
};

}  // namespace maildircrypt
