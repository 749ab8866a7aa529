/// A Maildir folder that opened messages are put into, durably and never half.
#pragma once

#include "admin/maildir_folder.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>

#include <time.h>

namespace maildircrypt {

/// Of a file: last access, last modification. IMAP servers take the second for the time of arrival.
using FileTimes = std::array<timespec, 2>;

class MaildirTarget {
public:
    /// Makes the folder where it is missing and notes which messages it holds.
    static Result<MaildirTarget> open(const std::filesystem::path& folder);

    /// Whether a message of that unique_name() is there, in `cur` or `new`, whatever its flags.
    bool holds(const std::string& unique) const { return held_.contains(unique); }
    /// Written to `tmp`, synced, renamed to its place: an interrupted run leaves nothing half.
    Result<void> store(const MaildirEntry& entry, std::string_view text, const FileTimes& times);
    /// After the last store(): the names survive a power cut too.
    Result<void> sync() const;

private:
    explicit MaildirTarget(std::filesystem::path folder) : folder_(std::move(folder)) {}
    Result<void> write(const std::string& path, std::string_view text,
                       const FileTimes& times) const;

    std::filesystem::path folder_;
    std::unordered_set<std::string> held_;
};

}  // namespace maildircrypt
