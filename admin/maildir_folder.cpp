#include "admin/maildir_folder.hpp"

#include <algorithm>
#include <array>
#include <system_error>

namespace maildircrypt {
namespace {

namespace fs = std::filesystem;

Error unreadable(const fs::path& directory, const std::error_code& error) {
    return retry("read " + directory.string() + ": " + error.message());
}

bool is_folder(const fs::path& directory) {
    std::error_code ignored;
    return fs::is_directory(directory / "cur", ignored) &&
           fs::is_directory(directory / "new", ignored);
}

bool is_part_of_folder(const fs::path& directory) {
    const auto name = directory.filename();
    return name == "cur" || name == "new" || name == "tmp";
}

Result<void> list(const fs::path& directory, const std::string& subdirectory,
                  std::vector<MaildirEntry>& entries) {
    std::error_code error;
    fs::directory_iterator at{directory, error};
    for (; !error && at != fs::directory_iterator{}; at.increment(error)) {
        std::string name = at->path().filename();
        if (!name.starts_with('.')) entries.push_back({subdirectory, std::move(name)});
    }
    return error ? Result<void>{unreadable(directory, error)} : Result<void>{};
}

}  // namespace

Result<std::vector<fs::path>> find_folders(const fs::path& root) {
    std::vector<fs::path> folders;
    if (is_folder(root)) folders.emplace_back(".");
    std::error_code error;
    fs::recursive_directory_iterator at{root, error};
    for (; !error && at != fs::recursive_directory_iterator{}; at.increment(error)) {
        std::error_code ignored;
        const auto status = at->symlink_status(ignored);
        if (status.type() != fs::file_type::directory) continue;
        if (is_part_of_folder(at->path()))
            at.disable_recursion_pending();
        else if (is_folder(at->path()))
            folders.push_back(at->path().lexically_relative(root));
    }
    if (error) return unreadable(root, error);
    if (folders.empty()) return refuse(root.string() + " is no Maildir: it has no cur and new");
    std::ranges::sort(folders);
    return folders;
}

Result<std::vector<MaildirEntry>> list_messages(const fs::path& folder) {
    std::vector<MaildirEntry> entries;
    for (const std::string subdirectory : {"new", "cur"})
        if (auto listed = list(folder / subdirectory, subdirectory, entries); !listed)
            return listed.error();
    std::ranges::stable_sort(entries, {}, &MaildirEntry::name);
    return entries;
}

}  // namespace maildircrypt
