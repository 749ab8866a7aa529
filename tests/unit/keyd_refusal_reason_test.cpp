#include "keyd/armour.hpp"
#include "keyd/packets.hpp"
#include "keyd/refusal_reason.hpp"

#include <algorithm>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

/// Of what an upload is told that never gets as far as gpg.
std::string_view reason_of(std::string_view upload) {
    const auto octets = read_upload(upload);
    if (!octets) return refusal_reason(octets.error().what);
    PacketReader packets{*octets};
    for (;;) {
        const auto packet = packets.next();
        if (!packet) return refusal_reason(packet.error().what);
        if (!*packet) return "";
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_refusal_reason)

BOOST_AUTO_TEST_CASE(what_is_no_certificate_has_a_reason) {
    BOOST_TEST(reason_of("") == "not_a_certificate");
    BOOST_TEST(reason_of("hello") == "not_a_certificate");
    BOOST_TEST(reason_of("ssh-ed25519 AAAA ann") == "not_a_certificate");
    BOOST_TEST(reason_of("-----BEGIN CERTIFICATE-----\nMIIB\n") == "not_a_certificate");
    BOOST_TEST(reason_of("-----BEGIN PGP MESSAGE-----\n\nabcd\n-----END PGP MESSAGE-----\n") ==
               "not_a_certificate");
    BOOST_TEST(reason_of("<!DOCTYPE html><html><body>Not found</body></html>") == "text_encoding");
    BOOST_TEST(reason_of("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQHYBGBo\n"
                         "-----END PGP PRIVATE KEY BLOCK-----\n") == "secret_key");
    BOOST_TEST(reason_of("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabcd\n") == "damaged");
}

/// As keyd/certificate.cpp, keyd/verdict.cpp, keyd/strip.cpp and seal/public_key_packet.cpp say it.
BOOST_AUTO_TEST_CASE(what_gpg_or_we_find_in_a_certificate_has_a_reason) {
    for (const auto& [message, reason] : std::initializer_list<std::pair<const char*, const char*>>{
             {"the certificate has no user id with the address a@b.test; add it", "wrong_address"},
             {"its user id with the address a@b.test is revoked, expired or not", "bad_user_id"},
             {"its primary key is RSA with 1024 bits, which is too weak: at least", "weak"},
             {"it has no subkey that mail can be encrypted to: the RSA key has 1024 bits; at least "
              "2048 are needed; add one",
              "weak"},
             {"it has no subkey that mail can be encrypted to: Elgamal keys are not supported",
              "not_supported"},
             {"it has no valid encryption subkey (it can only sign); add one", "no_subkey"},
             {"it was created in the future; set the clock right", "not_yet_valid"},
             {"The certificate has expired: extend it and export it again.", "expired"},
             {"The certificate is revoked: make a new key.", "revoked"},
             {"this is a signature, not a certificate (public key)", "not_a_certificate"},
             {"the certificate has 33 subkeys, at most 32 are taken", "limits"},
             {"it holds more than 16 certificates for this address", "limits"},
             {"gpg is in a bad mood", "other"}})
        BOOST_TEST(refusal_reason(message) == reason, message);
}

BOOST_AUTO_TEST_CASE(no_reason_stands_twice) {
    auto reasons = refusal_reasons;
    BOOST_TEST(reasons.back() == "other");
    std::sort(reasons.begin(), reasons.end());
    BOOST_TEST((std::adjacent_find(reasons.begin(), reasons.end()) == reasons.end()));
}

BOOST_AUTO_TEST_SUITE_END()
