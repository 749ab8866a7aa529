/// Symmetrically encrypted integrity protected data packets, the container of every message.
#pragma once

#include "seal/crypto_context.hpp"
#include "seal/octet_sink.hpp"
#include "seal/session_key.hpp"

namespace maildircrypt {

/// Goes with a version of the PKESK packet: v1 with v3, v2 with v6 (RFC 9580 §10.3.2.1).
enum class SeipdVersion { v1, v2 };

/// What is written comes out encrypted, in one packet.
class SeipdWriter : public OctetSink {
public:
    /// Draws what is random. Writes nothing yet. Called once, first.
    virtual Result<void> start(const CryptoContext& context, const SessionKey& session_key) = 0;
    /// What protects the integrity, and the end of the packet. Called once, last.
    virtual Result<void> finish() = 0;
};

}  // namespace maildircrypt
