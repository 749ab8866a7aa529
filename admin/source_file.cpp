#include "admin/source_file.hpp"

#include "base/fd.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

namespace maildircrypt {

Result<std::optional<SourceFile>> read_source(const std::string& path) {
    Fd fd{open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    if (!fd && errno == ENOENT) return std::optional<SourceFile>{};
    if (!fd) return errno_error("open");
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) return errno_error("look at the file");
    if (!S_ISREG(status.st_mode)) return refuse("not a regular file");
    auto text = read_all(fd.get(), max_stored_message, "read");
    if (!text) return text.error();
    return std::optional{SourceFile{std::move(*text), {status.st_atim, status.st_mtim}}};
}

}  // namespace maildircrypt
