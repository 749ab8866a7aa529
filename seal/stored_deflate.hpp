/// A deflate stream that does not compress: stored blocks (RFC 1951 §3.2.4).
#pragma once

#include "seal/deflate_stream.hpp"

namespace maildircrypt {

/// One block for each piece written (several beyond 65,535 octets).
class StoredDeflate final : public DeflateStream {
public:
    using DeflateStream::DeflateStream;
    Result<void> write(Octets piece) override;

private:
    Result<void> align() override { return {}; }
};

}  // namespace maildircrypt
