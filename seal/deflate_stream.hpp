/// Raw deflate streams (RFC 1951) that end with padding.
#pragma once

#include "seal/octet_sink.hpp"
#include "seal/padding.hpp"

#include <cstdint>

namespace maildircrypt {

/// What is written comes out at `next` as a deflate stream; how, derived classes know.
class DeflateStream : public OctetSink {
public:
    /// `next` outlives the stream.
    explicit DeflateStream(OctetSink& next) : next_(next) {}

    /// Writes `last`, which is not empty, and ends the stream, which then has `at_least` octets.
    /// Padding goes in front of the last octet and nothing behind it: PGPainless 1.3 does not read
    /// on when it has that octet, and fails when more follows than its buffer holds. Called once.
    Result<void> finish(Octets last, Padding padding, std::uint64_t at_least = 0);

protected:
    /// Octets of the stream.
    Result<void> emit(Octets octets);

private:
    /// Brings the stream to an octet's boundary, everything written so far emitted.
    virtual Result<void> align() = 0;
    Result<void> pad(std::uint64_t gap);

    OctetSink& next_;
    std::uint64_t length_ = 0;
};

}  // namespace maildircrypt
