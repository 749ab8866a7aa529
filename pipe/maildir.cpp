#include "pipe/maildir.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

constexpr mode_t directory_mode = 0700;

/// O_PATH: a directory that may be searched but not listed will do.
constexpr int search_only = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr int readable = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

using Names = std::vector<std::string>;

/// Makes directories in `parent` and makes that survive a power cut. Another delivery may make them
/// at the same time. The parent is opened for the sync first: what cannot be synced is not made.
Result<void> make_in(const Fd& parent, const Names& names) {
    Fd synced{::openat(parent.get(), ".", readable)};
    if (!synced) return errno_error("open the parent of a new directory");
    for (const auto& name : names) {
        if (::mkdirat(parent.get(), name.c_str(), directory_mode) != 0 && errno != EEXIST)
            return maildir_error("make a directory");
    }
    if (::fsync(synced.get()) != 0) return errno_error("sync the parent of a new directory");
    return synced.close("close the parent of a new directory");
}

/// Opens `name` in `parent`, after making `missing` when it is not there. Errors name the step and
/// not the path: logs name the recipient beside it.
Result<Fd> open_or_make(const Fd& parent, const std::string& name, int flags,
                        const Names& missing) {
    Fd directory{::openat(parent.get(), name.c_str(), flags)};
    if (directory) return directory;
    if (errno != ENOENT) return errno_error("open a directory");
    if (auto made = make_in(parent, missing); !made) return made.error();
    directory = Fd{::openat(parent.get(), name.c_str(), flags)};
    if (!directory) return errno_error("open a new directory");
    return directory;
}

}  // namespace

Error maildir_error(const std::string& step) {
    const bool read_only = errno == EROFS;
    Error error = errno_error(step);
    if (read_only) error.what += " (a service needs the Maildirs below its ReadWritePaths=)";
    return error;
}

Result<Maildir> Maildir::open(const MaildirPath& path) {
    Fd directory{::open(path.existing.c_str(), search_only)};
    if (!directory) return errno_error("open the directory above the Maildirs");
    const int flags = search_only | (path.follow_links ? 0 : O_NOFOLLOW);
    for (const auto& name : path.made) {
        auto next = open_or_make(directory, name, flags, {name});
        if (!next) return next.error();
        directory = std::move(*next);
    }
    // "new" is opened for reading, since it gets synced. Its kind are never links.
    const Names parts{"tmp", "cur", "new"};
    auto fresh = open_or_make(directory, "new", readable | O_NOFOLLOW, parts);
    if (!fresh) return fresh.error();
    auto tmp = open_or_make(directory, "tmp", search_only | O_NOFOLLOW, parts);
    if (!tmp) return tmp.error();
    return Maildir{std::move(*tmp), std::move(*fresh)};
}

}  // namespace maildircrypt
