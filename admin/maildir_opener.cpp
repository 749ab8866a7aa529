#include "admin/maildir_opener.hpp"

#include "admin/maildir_folder.hpp"
#include "admin/maildir_names.hpp"
#include "admin/maildir_target.hpp"
#include "admin/progress.hpp"
#include "admin/source_file.hpp"

#include <algorithm>
#include <optional>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>

namespace maildircrypt {
namespace {

namespace fs = std::filesystem;

struct Folder {
    fs::path path;  ///< relative
    std::vector<MaildirEntry> entries;
};

Result<std::vector<Folder>> list_all(const fs::path& source) {
    const auto paths = find_folders(source);
    if (!paths) return paths.error();
    std::vector<Folder> folders;
    for (const auto& path : *paths) {
        auto entries = list_messages(source / path);
        if (!entries) return entries.error();
        folders.push_back({path, std::move(*entries)});
    }
    return folders;
}

bool contains(const fs::path& outer, const fs::path& inner) {
    const auto [rest, unused] = std::ranges::mismatch(outer, inner);
    return rest == outer.end();
}

Result<void> check_apart(const fs::path& source, const fs::path& target) {
    std::error_code error;
    const fs::path from = fs::weakly_canonical(source, error);
    const fs::path to = error ? fs::path{} : fs::weakly_canonical(target, error);
    if (error) return retry("look at " + target.string() + ": " + error.message());
    if (contains(from, to) || contains(to, from))
        return refuse("source and target must not contain each other");
    return {};
}

/// Held while we write: two runs into one target would disturb each other.
Result<Fd> lock(const fs::path& target) {
    std::error_code error;
    fs::create_directories(target, error);
    if (error) return retry("make " + target.string() + ": " + error.message());
    auto fd = open_file(target, O_RDONLY | O_DIRECTORY);
    if (fd && flock(fd->get(), LOCK_EX | LOCK_NB) != 0)
        return errno_error("lock " + target.string() + " (is another run at work?)");
    return fd;
}

class Run {
public:
    Run(const fs::path& source, const fs::path& target, const Decrypt& decrypt, std::size_t total)
        : source_(source), target_(target), decrypt_(decrypt), progress_(total) {}

    Result<void> open_folder(const Folder& folder);
    const MaildirCounts& counts() const { return counts_; }

private:
    Result<void> open_entry(const fs::path& folder, MaildirEntry entry, MaildirTarget& target);
    Result<std::optional<SourceFile>> read(const fs::path& folder, MaildirEntry& entry) const;
    Result<void> store(const MaildirEntry& entry, const SourceFile& file,
                       const OpenedMessage& message, const std::string& name,
                       MaildirTarget& target);
    void fail(const std::string& name, const std::string& reason);

    const fs::path& source_;
    const fs::path& target_;
    const Decrypt& decrypt_;
    Progress progress_;
    MaildirCounts counts_;
};

Result<void> Run::open_folder(const Folder& folder) {
    auto target = MaildirTarget::open(target_ / folder.path);
    if (!target) return target.error();
    for (const auto& entry : folder.entries) {
        if (target->holds(unique_name(entry.name)))
            ++counts_.held_before;
        else if (auto done = open_entry(folder.path, entry, *target); !done)
            return done;
        progress_.advance();
    }
    return target->sync();
}

Result<void> Run::open_entry(const fs::path& folder, MaildirEntry entry, MaildirTarget& target) {
    const auto file = read(folder, entry);
    const std::string name = (folder / entry.subdirectory / entry.name).lexically_normal();
    if (!file) {
        fail(name, file.error().what);
        return {};
    }
    if (!*file) return {};  // deleted since we listed
    const auto message = open_message((*file)->text, decrypt_);
    if (!message) return Error{message.error().fate, name + ": " + message.error().what};
    return store(entry, **file, *message, name, target);
}

/// A mail client may change flags meanwhile, which renames the file.
Result<std::optional<SourceFile>> Run::read(const fs::path& folder, MaildirEntry& entry) const {
    auto file = read_source(source_ / folder / entry.subdirectory / entry.name);
    if (!file || *file) return file;
    const auto entries = list_messages(source_ / folder);
    if (!entries) return entries.error();
    const auto same = [&, unique = unique_name(entry.name)](const MaildirEntry& other) {
        return unique_name(other.name) == unique;
    };
    const auto found = std::ranges::find_if(*entries, same);
    if (found == entries->end()) return file;
    entry = *found;
    return read_source(source_ / folder / entry.subdirectory / entry.name);
}

Result<void> Run::store(const MaildirEntry& entry, const SourceFile& file,
                        const OpenedMessage& message, const std::string& name,
                        MaildirTarget& target) {
    switch (message.kind) {
        case OpenedMessage::Kind::opened:
            ++counts_.opened;
            return target.store(entry, {message.original.data(), message.original.size()},
                                file.times);
        case OpenedMessage::Kind::not_sealed:
            ++counts_.not_sealed;
            progress_.say(name + ": not sealed, copied as it is");
            return target.store(entry, file.text, file.times);
        case OpenedMessage::Kind::failed:
            fail(name, message.reason);
            return {};
    }
    return {};
}

void Run::fail(const std::string& name, const std::string& reason) {
    ++counts_.failed;
    progress_.say(name + ": could not be opened: " + reason);
}

}  // namespace

Result<MaildirCounts> open_maildir(const fs::path& source, const fs::path& target,
                                   const Decrypt& decrypt) {
    if (auto apart = check_apart(source, target); !apart) return apart.error();
    const auto folders = list_all(source);
    if (!folders) return folders.error();
    const auto held = lock(target);
    if (!held) return held.error();
    std::size_t total = 0;
    for (const auto& folder : *folders) total += folder.entries.size();
    Run run{source, target, decrypt, total};
    for (const auto& folder : *folders)
        if (auto done = run.open_folder(folder); !done) return done.error();
    return run.counts();
}

}  // namespace maildircrypt
