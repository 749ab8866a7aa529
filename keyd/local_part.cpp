#include "keyd/local_part.hpp"

#include "base/bytes.hpp"
#include "base/handle.hpp"
#include "keyd/encoding.hpp"
#include "seal/address.hpp"
#include "seal/ascii.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

#include <unicase.h>
#include <uninorm.h>
#include <unistring/version.h>

namespace maildircrypt {
namespace {

using Folded = Handle<std::uint8_t, std::free>;

/// `text` is UTF-8: the library would make U+FFFD of what is not.
std::string fold(std::string_view text, uninorm_t form) {
    const Octets octets = as_octets(text);
    std::size_t size = 0;
    const Folded folded{u8_casefold(octets.data(), octets.size(), nullptr, form, nullptr, &size)};
    // Out of memory is no reason to look up another name.
    if (!folded) throw std::bad_alloc{};
    return std::string{as_text({folded.get(), size})};
}

}  // namespace

std::string canonical_local_part(std::string_view local) {
    if (is_ascii(local) || !is_utf8(local)) return std::string{local};
    // First as Postfix does it, which looks at no compositions; then what those differ in.
    const std::string folded = fold(unquoted(local), nullptr);
    return quoted_where_needed(fold(folded, UNINORM_NFC));
}

std::string folding_rules() {
    return "1/" + std::to_string(_libunistring_version);
}

}  // namespace maildircrypt
