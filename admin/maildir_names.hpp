/// File names in a Maildir: `UNIQUE[,S=SIZE][,W=SIZE][:2,FLAGS]`.
#pragma once

#include <string>
#include <string_view>

namespace maildircrypt {

/// What stays the same when flags change: the name without info and without the sizes that Dovecot
/// notes (S= and W=).
std::string unique_name(std::string_view name);
/// The name for another content: sizes taken away, flags kept.
std::string name_without_sizes(std::string_view name);

}  // namespace maildircrypt
