/// Why an upload was refused, in one word that metrics and logs keep stable.
#pragma once

#include <array>
#include <string_view>

namespace maildircrypt {

/// All of them. Those of certificates first, then the API's codes for uploads; the last one is for
/// what fits none.
inline constexpr std::array<std::string_view, 23> refusal_reasons{"secret_key",
                                                                  "not_a_certificate",
                                                                  "damaged",
                                                                  "text_encoding",
                                                                  "wrong_address",
                                                                  "bad_user_id",
                                                                  "expired",
                                                                  "revoked",
                                                                  "lost",
                                                                  "weak",
                                                                  "not_supported",
                                                                  "no_subkey",
                                                                  "limits",
                                                                  "not_yet_valid",
                                                                  "not_permitted",
                                                                  "no_certificate",
                                                                  "too_many_certificates",
                                                                  "conflict",
                                                                  "too_long",
                                                                  "validator_failed",
                                                                  "store_failed",
                                                                  "busy",
                                                                  "other"};

/// The reason behind the words that a refused certificate's owner is told (code certificate_refused
/// of keyd/API): one of refusal_reasons.
std::string_view refusal_reason(std::string_view message);

}  // namespace maildircrypt
