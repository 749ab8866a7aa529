#include "keyd/domain_name.hpp"

#include "base/handle.hpp"
#include "seal/ascii.hpp"

#include <idn2.h>

namespace maildircrypt {
namespace {

using IdnText = Handle<char, idn2_free>;

}  // namespace

std::string canonical_domain(std::string_view domain) {
    std::string folded = fold_ascii(domain);
    if (is_ascii(folded)) return folded;
    char* output = nullptr;
    const int result =
        idn2_to_ascii_8z(folded.c_str(), &output, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const IdnText text{output};
    return result == IDN2_OK && text ? std::string{text.get()} : folded;
}

}  // namespace maildircrypt
