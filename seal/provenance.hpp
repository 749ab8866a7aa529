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

/// Whether the value of a provenance field, as it stands in a header, says `sealed` or `end-to-end`
/// and names one of `hosts` (any case). Whoever knows a name can write it: this tells our own hosts
/// apart, no forger.
bool says_treated_by(std::string_view value, std::span<const std::string> hosts);

}  // namespace maildircrypt
