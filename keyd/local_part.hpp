/// The one form under which keyd knows a local part, however it was written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace maildircrypt {

/// Folded as Unicode does it (full case folding of all scripts, §3.13), and composed (NFC), so that
/// JÜRGEN, jürgen and u with a combining diaeresis are one, as are straße and STRASSE: whatever
/// Postfix's maps take for one mailbox is one here (smtputf8_enable). `local` is that of an
/// Address, and so is what comes back, but for its length. Folding it again changes nothing. What
/// is no UTF-8 stays as it is.
std::string canonical_local_part(std::string_view local);

/// A local part gets at most so many times as many octets.
inline constexpr std::size_t max_folding_growth = 3;

/// Which rules canonical_local_part() follows: another text where a local part may have another
/// form, since the library knows letters that Unicode had not before.
std::string folding_rules();

}  // namespace maildircrypt
