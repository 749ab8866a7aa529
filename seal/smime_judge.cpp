#include "seal/smime_judge.hpp"

#include "seal/ascii.hpp"
#include "seal/content_type.hpp"

namespace maildircrypt {
namespace {

constexpr std::size_t max_line = 1000;  // octets, RFC 5321 §4.5.3.1.6 with its line end

}  // namespace

bool claims_smime_encryption(const std::vector<HeaderField>& fields) {
    if (count_fields(fields, "content-type") != 1 ||
        count_fields(fields, "content-transfer-encoding") != 1)
        return false;
    const auto encoding = find_field(fields, "content-transfer-encoding")->value;
    const auto type = parse_content_type(find_field(fields, "content-type")->value);
    return same_name(trim_blanks(encoding), "base64") && type && type->well_formed &&
           (type->is("application", "pkcs7-mime") || type->is("application", "x-pkcs7-mime"));
}

void SmimeJudge::write(std::string_view piece) {
    while (!piece.empty() && !failed_) {
        const std::size_t end = piece.find('\n');
        line_ += piece.substr(0, end);
        failed_ = line_.size() > max_line;
        if (failed_ || end == piece.npos) return;
        piece.remove_prefix(end + 1);
        take_line();
    }
}

void SmimeJudge::take_line() {
    if (line_.ends_with('\r')) line_.pop_back();
    decoded_.clear();
    failed_ = !base64_.read_line(line_, decoded_);
    line_.clear();
    cms_.write(decoded_);
}

bool SmimeJudge::is_encrypted_to_all() {
    if (!failed_ && !line_.empty()) take_line();
    return !failed_ && base64_.at_quartet() && cms_.is_encrypted();
}

}  // namespace maildircrypt
