/// The folders of a Maildir and the messages in them, as names.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace maildircrypt {

struct MaildirEntry {
    std::string subdirectory;  ///< "new" or "cur"
    std::string name;
};

/// Paths, relative to `root`, of every directory that holds `cur` and `new`: "." for the inbox,
/// ".Sent" or "Sent" for the rest. Symbolic links are not followed. Refuses when there is none.
Result<std::vector<std::filesystem::path>> find_folders(const std::filesystem::path& root);

/// The messages of one folder, `new` first, so that one which a mail client moves meanwhile is not
/// overlooked. Names that start with a dot are no messages (maildir(5)).
Result<std::vector<MaildirEntry>> list_messages(const std::filesystem::path& folder);

}  // namespace maildircrypt
