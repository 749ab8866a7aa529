#include "keyd/gpg_home.hpp"

#include "base/fd.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>

namespace maildircrypt {
namespace {

constexpr std::string_view options =
    "no-autostart\n"
    "no-auto-key-locate\n"
    "no-auto-key-retrieve\n"
    "disable-dirmngr\n"
    "no-auto-check-trustdb\n"
    "no-random-seed-file\n"
    "lock-never\n"
    "no-greeting\n";

}  // namespace

Result<GpgHome> GpgHome::create(const std::string& more_options) {
    std::error_code error;
    const auto parent = std::filesystem::temp_directory_path(error);
    if (error) return errno_error("directory for temporary files", error.value());
    std::string path = parent / "maildircrypt-gpg-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return errno_error("make a directory like " + path);
    GpgHome home{std::move(path)};
    const auto written = home.put("gpg.conf", std::string{options} + more_options);
    if (!written) return written.error();
    return home;
}

GpgHome::GpgHome(GpgHome&& other) noexcept : path_(std::exchange(other.path_, {})) {}

GpgHome::~GpgHome() {
    if (path_.empty()) return;
    // What gpg may still be writing there is gone before: its process has been ended.
    std::error_code ignored;  // a directory that stays behind holds public keys only
    std::filesystem::remove_all(path_, ignored);
}

Result<std::string> GpgHome::put(const std::string& name, std::string_view content) const {
    const std::string path = path_ + "/" + name;
    auto file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!file) return file.error();
    if (auto written = write_all(file->get(), content, "write " + path); !written)
        return written.error();
    if (auto closed = file->close("close " + path); !closed) return closed.error();
    return path;
}

}  // namespace maildircrypt
