/// Reads one stored message with its times.
#pragma once

#include "admin/maildir_target.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>

namespace maildircrypt {

/// A longer file is refused: it is held in memory.
inline constexpr std::size_t max_stored_message = std::size_t{2} << 30;

struct SourceFile {
    std::string text;
    FileTimes times;
};

/// Nothing when there is no such file (any more). Only regular files are read: a symbolic link is
/// refused, and a pipe cannot make us wait.
Result<std::optional<SourceFile>> read_source(const std::string& path);

}  // namespace maildircrypt
