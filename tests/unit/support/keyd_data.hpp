/// Certificates, bindings and stores for tests of keyd, made without gpg.
#pragma once

#include "keyd/compiled_answer.hpp"
#include "keyd/store.hpp"

#include <cstdint>
#include <string>

namespace maildircrypt::test {

Address address(const std::string& text);

/// A key whose fingerprint is right for its packet; the packet holds `seed` and is no real key.
EncryptionKey encryption_key(const std::string& seed, std::int64_t expires = 0);

/// A certificate with one encryption subkey, named and filled after `seed`.
Certificate certificate(const std::string& seed, std::int64_t expires = 0);

/// The change that binds an address at `version` to these certificates at the time `now`.
Change binding_change(const Address& address, std::int64_t version,
                      std::vector<Certificate> certificates, std::int64_t now = 1000);

/// A directory below /tmp that goes with its object.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

}  // namespace maildircrypt::test
