/// The provenance field: what this host did with a message. Ours alone: forgeries are removed.
#pragma once

#include "seal/key_plan.hpp"

#include <span>
#include <string>
#include <string_view>

namespace maildircrypt {

inline constexpr std::string_view provenance_name = "Maildircrypt-Provenance";

/// Without line end: "Maildircrypt-Provenance: sealed; host=...; log=...; keys=...". Folded with LF
/// between fingerprints. No keys when `anonymous`.
std::string sealed_provenance(std::string_view host, const LogPosition& log,
                              std::span<const EncryptionKey> keys, bool anonymous);
/// "Maildircrypt-Provenance: clear; host=...; reason=..."
std::string clear_provenance(std::string_view host, std::string_view reason);
/// "Maildircrypt-Provenance: end-to-end; host=...": the sender had encrypted it to its recipients.
std::string end_to_end_provenance(std::string_view host);

}  // namespace maildircrypt
