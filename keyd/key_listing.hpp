/// What gpg says about one certificate, and the lines in which keyd-validator hands it to keyd.
#pragma once

#include "base/result.hpp"
#include "seal/key_plan.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

struct ListedKey {
    Fingerprint fingerprint{};
    std::int64_t created = 0;  ///< seconds since 1970
    std::int64_t expires = 0;  ///< seconds since 1970; 0 is never
    bool can_encrypt = false;
    bool revoked = false;
    bool invalid = false;  ///< invalid or disabled
};

struct ListedUserId {
    std::string text;
    bool revoked = false;
    bool invalid = false;
};

/// Only what gpg found validly signed. No keys at all: gpg knows no key in what it was given.
struct KeyListing {
    std::vector<ListedKey> keys;  ///< the primary key first
    std::vector<ListedUserId> user_ids;
};

/// Lines: `key FINGERPRINT CREATED EXPIRES FLAGS`, `uid FLAGS HEX-TEXT`, and `end` as the last.
/// Flags are letters of e (can encrypt), r (revoked), i (invalid), or `-` for none.
std::string write_listing(const KeyListing& listing);
/// Errors (retry): anything but a whole listing; the text of a line `error TEXT`.
Result<KeyListing> parse_listing(std::string_view text);

}  // namespace maildircrypt
