/// A deflate stream that compresses, over zlib.
#pragma once

#include "base/secret.hpp"
#include "seal/deflate_stream.hpp"

#include <memory>

namespace maildircrypt {

/// All memory of zlib's is inside and wiped.
class ZlibDeflate final : public DeflateStream {
public:
    explicit ZlibDeflate(OctetSink& next);
    ~ZlibDeflate() override;
    Result<void> write(Octets piece) override;

private:
    class State;
    Result<void> align() override;
    Result<void> run(Octets piece, int flush);

    std::unique_ptr<State> state_;
};

}  // namespace maildircrypt
