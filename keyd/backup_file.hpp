/// Backups of a store as files (keyd/BACKUP).
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "keyd/answer.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace maildircrypt {

class LineHash;

/// Writes beside `path` and takes its name at the end: whoever finds the file finds all of it, also
/// after a power cut. Mode 0600. What was begun and not finished goes.
class BackupWriter {
public:
    static Result<BackupWriter> begin(const std::string& path);
    BackupWriter(BackupWriter&&) noexcept;
    BackupWriter& operator=(BackupWriter&&) = delete;
    ~BackupWriter();

    Result<void> add(const nlohmann::json& line);
    /// Writes the last line, syncs, renames. Replaces an older backup.
    Result<void> finish(std::int64_t entries, std::int64_t rows);

private:
    BackupWriter(std::string path, Fd file);
    Result<void> flush();

    std::string path_;
    std::string temporary_;  ///< empty when moved from, or finished
    Fd file_;
    std::string buffer_;
    std::unique_ptr<LineHash> hash_;
};

/// What a whole backup says of itself.
struct BackupSummary {
    StoreStamp stamp;
    std::int64_t time = 0;
    std::int64_t entries = 0;
    std::int64_t rows = 0;
};

using TakeEntry = std::function<Result<void>(const BackupSummary& begun, nlohmann::json entry)>;

/// Reads the file; `take` gets the entries in their order, and its error ends it. Errors (refuse):
/// another kind of file, a newer format, one that was cut or altered, a key log whose chain is
/// broken.
Result<BackupSummary> read_backup(const std::string& path, const TakeEntry& take);

}  // namespace maildircrypt
