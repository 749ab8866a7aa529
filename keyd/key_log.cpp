#include "keyd/key_log.hpp"

#include "base/bytes.hpp"
#include "keyd/encoding.hpp"
#include "seal/random.hpp"

#include <algorithm>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace maildircrypt {
namespace {

Result<Sha256> sha256(std::string_view text) {
    Sha256 hash{};
    const Octets octets = as_octets(text);
    if (EVP_Digest(octets.data(), octets.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1)
        return retry("key log: SHA-256 failed");
    return hash;
}

}  // namespace

Result<Sha256> genesis_hash(std::string_view store_id) {
    return sha256("maildircrypt-keylog-1 genesis\n" + std::string{store_id} + "\n");
}

Result<Sha256> random_salt() {
    Sha256 salt{};
    if (auto filled = fill_random(salt); !filled) return filled.error();
    return salt;
}

Result<Sha256> commitment(Committed kind, const Opening& opening) {
    const std::string label = kind == Committed::address ? "address\n" : "keys\n";
    const std::string text = label + opening.value;
    const Octets octets = as_octets(text);
    Sha256 hash{};
    unsigned int length = 0;
    const auto* done =
        HMAC(EVP_sha256(), opening.salt.data(), static_cast<int>(opening.salt.size()),
             octets.data(), octets.size(), hash.data(), &length);
    if (done == nullptr || length != hash.size()) return retry("key log: HMAC failed");
    return hash;
}

Result<Sha256> hash_row(const LogRow& row) {
    std::string text = "maildircrypt-keylog-1\n";
    text += std::to_string(row.sequence) + '\n' + std::to_string(row.time) + '\n';
    // Lengths in front: no two rows have the same text.
    text += std::to_string(row.channel.size()) + ' ' + row.channel + '\n';
    text += std::to_string(row.action.size()) + ' ' + row.action + '\n';
    text +=
        hex_text(row.address) + '\n' + hex_text(row.keys) + '\n' + hex_text(row.previous) + '\n';
    return sha256(text);
}

std::string list_fingerprints(std::span<const EncryptionKey> keys) {
    std::vector<std::string> fingerprints;
    for (const auto& key : keys) fingerprints.push_back(to_hex(key.fingerprint));
    std::sort(fingerprints.begin(), fingerprints.end());
    std::string text;
    for (const auto& fingerprint : fingerprints) text += (text.empty() ? "" : " ") + fingerprint;
    return text;
}

}  // namespace maildircrypt
