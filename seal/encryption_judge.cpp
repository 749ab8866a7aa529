#include "seal/encryption_judge.hpp"

#include "seal/pgp_mime_judge.hpp"
#include "seal/smime_judge.hpp"

namespace maildircrypt {

std::unique_ptr<EncryptionJudge> judge_claim(const std::vector<HeaderField>& fields,
                                             std::vector<std::vector<Fingerprint>> recipients) {
    if (auto boundary = pgp_mime_boundary(fields))
        return std::make_unique<PgpMimeJudge>(std::move(*boundary), std::move(recipients));
    if (claims_smime_encryption(fields)) return std::make_unique<SmimeJudge>();
    return nullptr;
}

}  // namespace maildircrypt
