/// Opens a whole Maildir into another one; may be interrupted and run again.
#pragma once

#include "admin/message_opener.hpp"

#include <cstddef>
#include <filesystem>

namespace maildircrypt {

struct MaildirCounts {
    std::size_t opened = 0;
    std::size_t held_before = 0;  ///< by the target, from an earlier run
    std::size_t not_sealed = 0;   ///< copied as they are
    std::size_t failed = 0;       ///< named on standard error, not in the target
};

/// Every folder of `source` goes into the folder of the same name in `target`, which is made when
/// it is missing; flags and times are kept. What concerns one message is said on standard error and
/// counted; an error (a full disk, no gpg, the user cancelled) breaks off, and the next run goes on
/// from there. The two must not contain each other.
Result<MaildirCounts> open_maildir(const std::filesystem::path& source,
                                   const std::filesystem::path& target, const Decrypt& decrypt);

}  // namespace maildircrypt
