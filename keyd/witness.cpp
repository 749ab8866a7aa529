#include "keyd/witness.hpp"

#include <cerrno>
#include <charconv>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

constexpr std::size_t id_size = 32;
constexpr std::size_t revision_size = 19;  // digits, zeros in front: lines have one length
constexpr std::size_t line_size = id_size + 1 + revision_size + 1;

std::string render(const StoreStamp& stamp) {
    const std::string digits = std::to_string(stamp.revision);
    return stamp.id + ' ' + std::string(revision_size - digits.size(), '0') + digits + '\n';
}

}  // namespace

Result<Witness> Witness::open(const std::string& path) {
    auto file = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (!file) return refuse("witness: " + file.error().what);
    Witness witness{path, std::move(*file)};
    if (auto done = witness.read(); !done) return done.error();
    return witness;
}

Result<void> Witness::read() {
    auto text = read_all(file_.get(), line_size, "read " + path_);
    if (!text) return refuse("witness: " + text.error().what);
    if (text->empty()) return {};  // just made
    Memory memory;
    memory.id = text->substr(0, id_size);
    const char* const last = text->data() + text->size() - 1;
    if (text->size() == line_size && *last == '\n') {
        const auto [stop, error] =
            std::from_chars(text->data() + id_size + 1, last, memory.revision);
        if (error == std::errc{} && stop == last) {
            memory_ = std::move(memory);
            return {};
        }
    }
    return refuse("witness: " + path_ + " was not written by keyd");
}

Result<void> Witness::check(const StoreStamp& stamp) const {
    if (!memory_) return {};
    const std::string advice =
        ". Mail could be stored in clear that must not be. Bring back the right store, or, if this "
        "one is "
        "meant to be served from now on, remove " +
        path_;
    if (stamp.id != memory_->id)
        return refuse("the store is " + stamp.id + ", and this host has served " + memory_->id +
                      advice);
    if (stamp.revision < memory_->revision)
        return refuse("the store is at revision " + std::to_string(stamp.revision) +
                      ", and this host has served revision " + std::to_string(memory_->revision) +
                      ": it is an older copy" + advice);
    return {};
}

Result<void> Witness::note(const StoreStamp& stamp) {
    if (memory_ && memory_->id == stamp.id && memory_->revision >= stamp.revision) return {};
    // One line within one sector, always of the same length: never half of it after a power cut.
    const std::string line = render(stamp);
    if (::lseek(file_.get(), 0, SEEK_SET) != 0) return errno_error("seek in " + path_);
    if (auto written = write_all(file_.get(), line, "write " + path_); !written)
        return written.error();
    if (::fdatasync(file_.get()) != 0) return errno_error("sync " + path_);
    memory_ = Memory{stamp.id, stamp.revision};
    return {};
}

}  // namespace maildircrypt
