#include "keyd/armour.hpp"
#include "keyd/change_replies.hpp"
#include "keyd/packets.hpp"
#include "keyd/refusal_reason.hpp"
#include "keyd/transferable_key.hpp"
#include "tests/unit/support/certificate_parts.hpp"

#include <algorithm>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

constexpr std::array<std::string_view, 5> advice{"gpg --", "make a", "use RSA", "export",
                                                 "download"};

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

/// Whether somebody who reads it knows what to do next.
bool says_what_to_do(const std::string& message) {
    return std::any_of(advice.begin(), advice.end(),
                       [&](std::string_view word) { return message.find(word) != message.npos; });
}

std::string refusal_of(const OctetString& upload) {
    const Collected collected{upload};
    return collected.error.empty() ? collected.refusals.at(0) : collected.error;
}

BOOST_AUTO_TEST_CASE(each_refusal_of_ours_has_a_reason_and_says_what_to_do) {
    const OctetString body = key_body(1);
    const Fingerprint owner = fingerprint_of(body);
    const OctetString primary = packet(PacketTag::public_key, body);
    const OctetString user_id = packet(PacketTag::user_id, "a@b.test");
    OctetString unknown = body;
    unknown[5] = 27;
    std::vector<std::string> refusals;
    for (const std::uint8_t version : std::initializer_list<std::uint8_t>{0, 2, 3, 5, 6, 7})
        refusals.push_back(refusal_of(packet(PacketTag::public_key, key_body(1, version))));
    for (const OctetString& upload :
         {packet(PacketTag::public_key, unknown), packet(PacketTag::public_key, "\4abc"),
          joined({primary,
                  signature(owner, {.type = SignatureType::key_revocation, .notation = 9000})}),
          packet(PacketTag::secret_key, body), packet(PacketTag::sealed, "x"),
          packet(PacketTag::literal, "x"), signature(owner), user_id, OctetString{0x99, 1},
          OctetString{0x9b, 1}, OctetString{0xc0, 1}})
        refusals.push_back(refusal_of(upload));
    OctetString flood = joined({primary, user_id});
    for (std::uint32_t i = 0; i < 1100; ++i)
        flood = joined({flood, signature(owner, {.created = i})});
    refusals.push_back(refusal_of(flood));
    for (const char* upload :
         {"", "hello", "ssh-rsa AAAA", "-----BEGIN CERTIFICATE-----\n", "<html>",
          "-----BEGIN PGP MESSAGE-----\n", "-----BEGIN PGP SIGNATURE-----\n",
          "-----BEGIN PGP PUBLIC KEY BLOCK", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
          "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n&nbsp;\n",
          "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n> abc\n", "\xff\xfex"})
        refusals.push_back(read_upload(upload).error().what);
    TransferableKey key;
    key.names_revoker = key.revoked_by_other = true;
    refusals.push_back(check_revokers(key).error().what);
    Certificate certificate;
    refusals.push_back(useless(certificate, 0)->body);
    certificate.encryption_keys.emplace_back().key.expires = 1;
    refusals.push_back(useless(certificate, 2)->body);
    certificate.encryption_keys.at(0).revoked = true;
    refusals.push_back(useless(certificate, 2)->body);
    refusals.push_back("The key was declared lost: make a new one.");
    for (const std::string& refusal : refusals) {
        BOOST_TEST(refusal_reason(refusal) != "other", refusal);
        BOOST_TEST(says_what_to_do(refusal), refusal);
    }
}

BOOST_AUTO_TEST_CASE(no_reason_stands_twice) {
    auto reasons = refusal_reasons;
    BOOST_TEST(reasons.back() == "other");
    std::sort(reasons.begin(), reasons.end());
    BOOST_TEST((std::adjacent_find(reasons.begin(), reasons.end()) == reasons.end()));
}

BOOST_AUTO_TEST_SUITE_END()
