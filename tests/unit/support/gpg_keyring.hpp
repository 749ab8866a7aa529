/// A gpg home of its own for tests that make real keys; gone, with its agent, at the end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <unistd.h>

namespace maildircrypt::test {

/// What a command wrote to its standard output; a status other than 0 is an exception.
inline std::string output_of(const std::string& command) {
    std::string name = std::filesystem::temp_directory_path() / "output-XXXXXX";
    if (const int fd = ::mkstemp(name.data()); fd < 0 || ::close(fd) != 0)
        throw std::runtime_error("mkstemp");
    const int status = std::system((command + " > " + name).c_str());
    std::ifstream file{name, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    std::filesystem::remove(name);
    if (status != 0) throw std::runtime_error("failed: " + command);
    return text;
}

class GpgKeyring {
public:
    GpgKeyring() : home_(std::filesystem::temp_directory_path() / "keyring-XXXXXX") {
        if (::mkdtemp(home_.data()) == nullptr) throw std::runtime_error("mkdtemp");
    }
    ~GpgKeyring() {
        if (std::system(("gpgconf --homedir " + home_ + " --kill all").c_str()) != 0) return;
        // The agent removes its sockets at the same time.
        std::error_code raced;
        do {
            std::filesystem::remove_all(home_, raced);
        } while (raced == std::errc::no_such_file_or_directory);
    }
    GpgKeyring(const GpgKeyring&) = delete;
    GpgKeyring& operator=(const GpgKeyring&) = delete;

    /// gpg's output. `when` as 20240101 sets its clock.
    std::string gpg(const std::string& arguments, const std::string& when = {}) const {
        const std::string clock = when.empty() ? "" : "--faked-system-time " + when + "T120000! ";
        return output_of(
            "gpg --homedir " + home_ +
            " --batch --yes --quiet --no-tty --pinentry-mode loopback --passphrase '' " + clock +
            arguments + " 2>" + home_ + "/stderr");
    }
    /// A key with `algorithm` for signing, and no subkey.
    void generate(const std::string& user_id, const std::string& algorithm = "ed25519",
                  const std::string& expiry = "never", const std::string& when = {}) const {
        gpg("--quick-generate-key '" + user_id + "' " + algorithm + " sign,cert " + expiry, when);
    }
    /// Adds an encryption subkey and returns its fingerprint.
    std::string add_subkey(const std::string& user_id, const std::string& algorithm = "cv25519",
                           const std::string& expiry = "never",
                           const std::string& when = {}) const {
        gpg("--quick-add-key " + fingerprint(user_id) + " " + algorithm + " encr " + expiry, when);
        return fingerprint(user_id, -1);
    }
    /// Of the primary key, or of subkey `index`, -1 being the last.
    std::string fingerprint(const std::string& user_id, int index = 0) const {
        const std::string list =
            gpg("--list-keys --with-colons --with-subkey-fingerprint '" + user_id + "'");
        std::string found;
        for (std::size_t at = 0; (at = list.find("\nfpr:", at)) != list.npos; ++at) {
            const std::size_t end = list.find('\n', at + 1);
            const std::string line = list.substr(at + 1, end - at - 1);
            found = line.substr(line.size() - 41, 40);
            if (index-- == 0) break;
        }
        return found;
    }
    std::string export_binary(const std::string& pattern = {}) const {
        return gpg("--export " + pattern);
    }
    std::string export_armoured(const std::string& pattern = {}) const {
        return gpg("--armor --export " + pattern);
    }
    void import(std::string_view keys) const { gpg("--import " + put("import", keys)); }
    /// Drives gpg's edit menu: one command per line.
    void edit(const std::string& user_id, const std::string& commands,
              const std::string& when = {}) const {
        gpg("--command-file " + put("commands", commands) + " --edit-key '" + user_id + "'", when);
    }
    /// Lets the second key, which is in this keyring, revoke the first.
    void name_revoker(const std::string& user_id, const std::string& revoker) const {
        edit(user_id, "addrevoker\n" + revoker + "\ny\nsave\n");
    }
    /// The revocation that a designated revoker, whose secret key is here, makes.
    std::string designated_revocation(const std::string& user_id) const {
        return gpg("--no-batch --command-file " + put("commands", "y\n0\n\ny\n") +
                   " --desig-revoke '" + user_id + "'");
    }
    /// The revocation certificate that gpg made beside the key, ready for use.
    std::string revocation(const std::string& user_id) const {
        std::ifstream file{home_ + "/openpgp-revocs.d/" + fingerprint(user_id) + ".rev"};
        std::string text{std::istreambuf_iterator<char>{file}, {}};
        return text.erase(text.find(":-----"), 1);
    }
    std::string put(const std::string& name, std::string_view content) const {
        const std::string path = home_ + "/" + name;
        std::ofstream{path, std::ios::binary} << content;
        return path;
    }
    const std::string& home() const { return home_; }

private:
    std::string home_;
};

}  // namespace maildircrypt::test
