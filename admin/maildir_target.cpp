#include "admin/maildir_target.hpp"

#include "admin/maildir_names.hpp"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

namespace fs = std::filesystem;

Result<void> sync_directory(const fs::path& directory) {
    auto fd = open_file(directory, O_RDONLY | O_DIRECTORY);
    if (!fd) return fd.error();
    if (fsync(fd->get()) != 0) return errno_error("sync " + directory.string());
    return fd->close("close " + directory.string());
}

}  // namespace

Result<MaildirTarget> MaildirTarget::open(const fs::path& folder) {
    for (const auto* part : {"cur", "new", "tmp"}) {
        std::error_code error;
        fs::create_directories(folder / part, error);
        if (error) return retry("make " + (folder / part).string() + ": " + error.message());
    }
    const auto entries = list_messages(folder);
    if (!entries) return entries.error();
    MaildirTarget target{folder};
    for (const auto& entry : *entries) target.held_.insert(unique_name(entry.name));
    return target;
}

Result<void> MaildirTarget::store(const MaildirEntry& entry, std::string_view text,
                                  const FileTimes& times) {
    const std::string unique = unique_name(entry.name);
    const fs::path temporary = folder_ / "tmp" / unique;
    const fs::path final = folder_ / entry.subdirectory / name_without_sizes(entry.name);
    if (unlink(temporary.c_str()) != 0 && errno != ENOENT)  // of a run that was interrupted
        return errno_error("remove " + temporary.string());
    auto stored = write(temporary, text, times);
    if (stored && std::rename(temporary.c_str(), final.c_str()) != 0)
        stored = errno_error("rename " + temporary.string());
    if (!stored) {
        unlink(temporary.c_str());  // the first error is the one to tell
        return stored;
    }
    held_.insert(unique);
    return {};
}

Result<void> MaildirTarget::write(const std::string& path, std::string_view text,
                                  const FileTimes& times) const {
    auto fd = open_file(path, O_WRONLY | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    if (!fd) return fd.error();
    if (auto done = write_all(fd->get(), text, "write " + path); !done) return done;
    if (futimens(fd->get(), times.data()) != 0) return errno_error("set the times of " + path);
    if (fsync(fd->get()) != 0) return errno_error("sync " + path);
    return fd->close("close " + path);
}

Result<void> MaildirTarget::sync() const {
    for (const auto* part : {"cur", "new"})
        if (auto done = sync_directory(folder_ / part); !done) return done;
    return sync_directory(folder_);
}

}  // namespace maildircrypt
