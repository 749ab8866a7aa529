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

    /// Padding, then the final block, then nothing; the stream has `at_least` octets. Called once.
    Result<void> finish(Padding padding, std::uint64_t at_least = 0);

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
