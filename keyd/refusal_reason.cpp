#include "keyd/refusal_reason.hpp"

namespace maildircrypt {
namespace {

struct Sign {
    std::string_view words;
    std::string_view reason;
};

/// The first that the message contains says the reason: what is special stands before what is
/// general.
constexpr std::array signs{
    Sign{"secret key", "secret_key"},
    Sign{"UTF-16", "text_encoding"},
    Sign{"HTML", "text_encoding"},
    Sign{"quoted", "text_encoding"},
    Sign{"damaged ASCII armour", "damaged"},
    Sign{"damaged certificate", "damaged"},
    Sign{"created in the future", "not_yet_valid"},
    Sign{"no user id with the address", "wrong_address"},
    Sign{"is not stored for", "wrong_address"},
    Sign{"user id with the address", "bad_user_id"},
    Sign{"no user id with a valid self-signature", "bad_user_id"},
    Sign{"too weak", "weak"},
    Sign{"declared lost", "lost"},
    Sign{"cannot validate its primary key", "not_supported"},
    Sign{"revocation in it is longer", "limits"},
    Sign{"far more signatures", "limits"},
    Sign{"are needed", "weak"},
    Sign{"SHA-1", "weak"},
    Sign{"not well-formed", "weak"},
    Sign{"not supported", "not_supported"},
    Sign{"are supported", "not_supported"},
    Sign{"version", "not_supported"},
    Sign{"has expired", "expired"},
    Sign{"is revoked", "revoked"},
    Sign{"no subkey that mail", "no_subkey"},
    Sign{"no valid encryption subkey", "no_subkey"},
    Sign{"not a certificate", "not_a_certificate"},
    Sign{"no certificate", "not_a_certificate"},
    Sign{"no OpenPGP certificate", "not_a_certificate"},
    Sign{"OpenPGP certificate is needed", "not_a_certificate"},
    Sign{"upload is empty", "not_a_certificate"},
    Sign{"more than", "limits"},
    Sign{"at most", "limits"},
    Sign{"too long", "limits"},
    Sign{"too large", "limits"},
};

}  // namespace

std::string_view refusal_reason(std::string_view message) {
    for (const Sign& sign : signs)
        if (message.find(sign.words) != message.npos) return sign.reason;
    return refusal_reasons.back();
}

}  // namespace maildircrypt
