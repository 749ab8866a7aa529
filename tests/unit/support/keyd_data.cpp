#include "tests/unit/support/keyd_data.hpp"

#include "seal/fingerprint.hpp"

#include <filesystem>
#include <stdexcept>

#include <stdlib.h>

namespace maildircrypt::test {

Address address(const std::string& text) {
    return Address::parse(text).value();
}

EncryptionKey encryption_key(const std::string& seed, std::int64_t expires) {
    EncryptionKey key;
    const std::string packet = "\x04 packet of " + seed;
    key.packet.assign(packet.begin(), packet.end());
    key.fingerprint = fingerprint_of(key.packet);
    key.created = 100;
    key.expires = expires;
    return key;
}

Certificate certificate(const std::string& seed, std::int64_t expires) {
    Certificate made;
    made.fingerprint = encryption_key("primary " + seed).fingerprint;
    const std::string binary = "certificate " + seed + " " + std::to_string(expires);
    made.binary.assign(binary.begin(), binary.end());
    made.user_ids = {seed + " <" + seed + "@sealed.test>"};
    made.created = 100;
    made.expires = expires;
    made.encryption_keys = {{encryption_key(seed, expires), false}};
    return made;
}

Change binding_change(const Address& address, std::int64_t version,
                      std::vector<Certificate> certificates, std::int64_t now) {
    Binding binding{version == 0 ? 1 : version, std::move(certificates), {}};
    remember_subkeys(binding);
    CompiledAnswer answer = compile_answer(address, binding, now, false);
    return {
        address, version, "root", now,
        Bound{std::move(binding.certificates), std::move(binding.recognise), std::move(answer)}};
}

TemporaryDirectory::TemporaryDirectory() : path_("/tmp/mdc-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp");
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;  // what stays is a leftover in /tmp, not a failure of the test
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace maildircrypt::test
