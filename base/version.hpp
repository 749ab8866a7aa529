/// The version of all programs; debian/changelog carries the same.
#pragma once

namespace maildircrypt {

inline constexpr char version[] = "0.1.0";

}  // namespace maildircrypt
