#include "keyd/import_source.hpp"

#include "base/fd.hpp"
#include "keyd/gpg_home.hpp"
#include "keyd/limited_process.hpp"
#include "keyd/wkd_name.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <map>

#include <fcntl.h>

namespace maildircrypt {
namespace {

namespace fs = std::filesystem;

constexpr char gpg[] = "/usr/bin/gpg";
constexpr std::chrono::minutes gpg_patience{10};
constexpr std::string_view keybox_magic = "KBXf";  // at octet 8, GnuPG's doc/KEYFORMAT
constexpr std::size_t keybox_magic_offset = 8;
constexpr std::string_view hexadecimal = "0123456789abcdef";

bool is_hexadecimal(const std::string& name, std::size_t length) {
    return name.size() == length && name.find_first_not_of(hexadecimal) == name.npos;
}

/// Entries of a directory by name, in order; empty where it cannot be read.
std::map<std::string, fs::path> entries(const fs::path& directory) {
    std::map<std::string, fs::path> found;
    std::error_code error;
    for (fs::directory_iterator i{directory, error}, end; !error && i != end; i.increment(error))
        found.emplace(i->path().filename().string(), i->path());
    return found;
}

bool is_folder(const fs::path& path) {
    std::error_code error;
    return fs::is_directory(path, error);
}

bool is_file(const fs::path& path) {
    std::error_code error;
    return fs::is_regular_file(path, error);
}

Result<void> read_certificates(const fs::path& path, const ImportSink& sink) {
    auto file = open_file(path, O_RDONLY);
    auto text = file ? read_all(file->get(), max_import_file, "read " + path.string())
                     : Result<std::string>{file.error()};
    if (!text) return sink(ImportItem{path, {}, {}, {}, text.error().what});
    return split_certificates(path, *text, sink);
}

/// What gpg finds in a keyring; it is not asked for secret keys and changes nothing there.
Result<void> export_with_gpg(const std::string& origin, const std::string& home,
                             const std::vector<std::string>& options, const ImportSink& sink) {
    ProcessRequest request{gpg,
                           {"PATH=/usr/bin:/bin", "LC_ALL=C"},
                           "/dev/null",
                           gpg_patience,
                           max_import_file,
                           {"--homedir", home, "--no-options", "--batch", "--lock-never",
                            "--no-auto-check-trustdb", "--no-autostart", "--trust-model=always"}};
    request.arguments.insert(request.arguments.end(), options.begin(), options.end());
    request.arguments.emplace_back("--export");
    auto text = run_limited(request);
    if (!text) return text.error();
    if (text->empty()) return refuse(origin + ": gpg finds no certificate there");
    return split_certificates(origin, *text, sink);
}

Result<void> read_keybox(const fs::path& path, const ImportSink& sink) {
    auto home = GpgHome::create();
    if (!home) return home.error();
    return export_with_gpg(path, home->path(),
                           {"--no-default-keyring", "--keyring=" + fs::absolute(path).string()},
                           sink);
}

Result<bool> is_keybox(const fs::path& path) {
    auto file = open_file(path, O_RDONLY);
    if (!file) return file.error();
    std::array<char, keybox_magic_offset + keybox_magic.size()> start{};
    auto count = read_some(file->get(), start, "read " + path.string());
    if (!count) return count.error();
    return std::string_view{start.data(), *count}.ends_with(keybox_magic) && *count == start.size();
}

bool is_gpg_home(const fs::path& path) {
    return is_file(path / "pubring.kbx") || is_file(path / "pubring.gpg") ||
           is_file(path / "public-keys.d/pubring.db");
}

/// A shared certificate directory (draft-nwjw-openpgp-cert-d): XX/YYY..., a fingerprint in all.
bool is_cert_d(const fs::path& path) {
    const auto found = entries(path);
    return std::any_of(found.begin(), found.end(), [](const auto& entry) {
        if (!is_hexadecimal(entry.first, 2)) return false;
        const auto files = entries(entry.second);
        return std::any_of(files.begin(), files.end(),
                           [](const auto& file) { return is_hexadecimal(file.first, 38); });
    });
}

Result<void> read_cert_d(const fs::path& path, const ImportSink& sink) {
    for (const auto& [prefix, directory] : entries(path)) {
        if (!is_hexadecimal(prefix, 2)) continue;
        for (const auto& [name, file] : entries(directory)) {
            if (!is_hexadecimal(name, 38)) continue;
            if (auto done = read_certificates(file, sink); !done) return done;
        }
    }
    return {};
}

/// Directories `hu` of a Web Key Directory with the domain each is for; empty: not told.
std::vector<std::pair<fs::path, std::string>> wkd_directories(const fs::path& path) {
    for (const fs::path& root : {path, path / "openpgpkey", path / ".well-known/openpgpkey"}) {
        if (is_folder(root / "hu")) return {{root / "hu", ""}};
        std::vector<std::pair<fs::path, std::string>> found;
        for (const auto& [name, directory] : entries(root))
            if (is_folder(directory / "hu")) found.emplace_back(directory / "hu", name);
        if (!found.empty()) return found;
    }
    if (path.filename() == "hu") return {{path, ""}};
    return {};
}

/// Of the user ids, those that the directory gives the certificate out for.
void keep_published(ImportItem& item, const std::string& name, const std::string& domain) {
    if (item.refusal) return;
    std::erase_if(item.addresses, [&](const Address& address) {
        const auto published = wkd_name(address.local());
        return !published || *published != name || (!domain.empty() && address.domain() != domain);
    });
    if (item.addresses.empty())
        item.refusal = "it has no user id with the address that the file's name stands for";
}

Result<void> read_wkd(const fs::path& directory, const std::string& domain,
                      const ImportSink& sink) {
    for (const auto& [name, file] : entries(directory)) {
        if (name.size() != wkd_name_length || !is_file(file)) continue;
        const auto checked = [&, &name = name](ImportItem item) {
            keep_published(item, name, domain);
            return sink(std::move(item));
        };
        if (auto done = read_certificates(file, checked); !done) return done;
    }
    return {};
}

Result<void> read_files(const fs::path& path, const ImportSink& sink) {
    bool any = false;
    for (const auto& [name, file] : entries(path)) {
        if (name.starts_with(".") || !is_file(file)) continue;
        any = true;
        if (auto done = read_certificates(file, sink); !done) return done;
    }
    if (any) return {};
    return refuse(path.string() +
                  ": neither a gpg home, nor a certificate directory, nor a Web Key Directory, nor "
                  "files of certificates");
}

}  // namespace

Result<void> read_import_source(const std::string& name, const ImportSink& sink) {
    fs::path path{name};
    if (!path.has_filename()) path = path.parent_path();  // it ended with a slash
    if (!is_folder(path)) {
        auto keybox = is_keybox(path);
        if (!keybox) return keybox.error();
        return *keybox ? read_keybox(path, sink) : read_certificates(path, sink);
    }
    if (is_gpg_home(path)) return export_with_gpg(name, path, {}, sink);
    if (is_cert_d(path)) return read_cert_d(path, sink);
    const auto published = wkd_directories(path);
    for (const auto& [directory, domain] : published)
        if (auto done = read_wkd(directory, domain, sink); !done) return done;
    if (!published.empty()) return {};
    return read_files(path, sink);
}

}  // namespace maildircrypt
