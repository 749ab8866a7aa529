/// S/MIME mail that is encrypted and nothing else: one CMS structure as the only body (RFC 8551
/// §3.3, §3.4).
#pragma once

#include "seal/base64_reader.hpp"
#include "seal/cms_judge.hpp"
#include "seal/encryption_judge.hpp"
#include "seal/header.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// One well-formed application/pkcs7-mime Content-Type and base64. The smime-type parameter proves
/// nothing and is not looked at.
bool claims_smime_encryption(const std::vector<HeaderField>& fields);

class SmimeJudge : public EncryptionJudge {
public:
    void write(std::string_view piece) override;
    bool is_encrypted_to_all() override;

private:
    void take_line();

    CmsJudge cms_;
    Base64Reader base64_;
    std::string line_;
    OctetString decoded_;
    bool failed_ = false;
};

}  // namespace maildircrypt
