/// Cut and damaged certificates, all of the way through gpg: nothing crashes, and no key gets in
/// that its owner did not make.
#include "keyd/certificate.hpp"
#include "tests/unit/support/gpg_keyring.hpp"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

constexpr unsigned seed = 20240101;
constexpr std::size_t mutations = 2000;

/// What became of many uploads.
struct Tally {
    std::size_t accepted = 0;
    std::size_t refused = 0;
    std::vector<std::string> retried;  ///< gpg failed: the parser ought to have noticed first
    std::vector<std::string> strange;  ///< accepted with something that the original has not
};

/// A key with two user ids and two subkeys, one of them for signing.
struct Original {
    Original() {
        keyring.generate("Alice <alice@example.org>", "ed25519", "never", "20240101");
        keyring.add_subkey("alice@example.org", "cv25519", "never", "20240101");
        keyring.gpg(
            "--quick-add-key " + keyring.fingerprint("alice@example.org") + " ed25519 sign never",
            "20240101");
        octets = keyring.export_binary();
        certificate = *accept(octets);
    }
    Result<Certificate> accept(const std::string& upload) const {
        return accept_certificate(upload, *Address::parse("alice@example.org"), false, {},
                                  std::time(nullptr));
    }
    /// Whether all that counts in it is in the original too.
    bool covers(const Certificate& other) const {
        const auto has_key = [&](const EncryptionSubkey& key) {
            const auto& keys = certificate.encryption_keys;
            return std::any_of(keys.begin(), keys.end(), [&](const EncryptionSubkey& known) {
                return known.key.packet == key.key.packet &&
                       known.key.fingerprint == key.key.fingerprint &&
                       known.key.expires == key.key.expires && known.revoked == key.revoked;
            });
        };
        return other.fingerprint == certificate.fingerprint &&
               other.user_ids == certificate.user_ids && !other.encryption_keys.empty() &&
               std::all_of(other.encryption_keys.begin(), other.encryption_keys.end(), has_key);
    }

    GpgKeyring keyring;
    std::string octets;
    Certificate certificate;
};

/// Uploads `count` variants, on two threads.
Tally upload_all(const Original& original, std::size_t count,
                 const std::function<std::string(std::size_t)>& variant) {
    Tally tally;
    std::mutex mutex;
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < count; i = next++) {
            const auto result = original.accept(variant(i));
            const std::lock_guard lock{mutex};
            if (result) {
                ++tally.accepted;
                if (!original.covers(*result)) tally.strange.push_back(std::to_string(i));
            } else if (result.error().fate == Fate::refuse) {
                ++tally.refused;
            } else {
                tally.retried.push_back(std::to_string(i) + ": " + result.error().what);
            }
        }
    };
    std::thread other{work};
    work();
    other.join();
    return tally;
}

void check(const Tally& tally) {
    BOOST_TEST_MESSAGE("accepted " << tally.accepted << ", refused " << tally.refused
                                   << ", retried " << tally.retried.size());
    for (const std::string& retried : tally.retried) BOOST_ERROR("retried: variant " + retried);
    for (const std::string& strange : tally.strange) BOOST_ERROR("strange: variant " + strange);
    BOOST_TEST(tally.accepted > 0U);
    BOOST_TEST(tally.refused > 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_certificate_mutation)

BOOST_AUTO_TEST_CASE(no_cut_certificate_brings_in_anything_new) {
    const Original original;
    check(upload_all(original, original.octets.size(),
                     [&](std::size_t size) { return original.octets.substr(0, size); }));
}

BOOST_AUTO_TEST_CASE(no_changed_octet_brings_in_anything_new) {
    const Original original;
    BOOST_TEST_MESSAGE("seed " << seed);
    check(upload_all(original, mutations, [&](std::size_t i) {
        std::mt19937 random{seed + static_cast<unsigned>(i)};
        std::string octets = original.octets;
        char& octet = octets[random() % octets.size()];
        octet = static_cast<char>(octet ^ static_cast<char>(1 + random() % 255));
        return octets;
    }));
}

BOOST_AUTO_TEST_SUITE_END()
