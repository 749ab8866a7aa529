/// The one form under which keyd knows a mail domain, however it was written.
#pragma once

#include <string>
#include <string_view>

namespace maildircrypt {

/// The A-label form (`xn--...`) of a domain with non-ASCII letters, by IDNA2008 with the mapping of
/// UTS #46 (non-transitional: `ß` stays itself), so that U-label and A-label find the same key.
/// What is no IDN in it stays as it is, ASCII letters folded to lower case. `domain` is that of an
/// Address.
std::string canonical_domain(std::string_view domain);

}  // namespace maildircrypt
