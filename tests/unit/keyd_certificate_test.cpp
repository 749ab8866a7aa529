#include "keyd/certificate.hpp"
#include "keyd/packets.hpp"
#include "keyd/strip.hpp"
#include "seal/encryptor.hpp"
#include "tests/unit/support/certificate_parts.hpp"
#include "tests/unit/support/gpg_keyring.hpp"

#include <algorithm>
#include <ctime>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

const std::string alice_id = "Alice <alice@example.org>";
const std::string alice_mail = "alice@example.org";

Address address(std::string_view text) {
    return *Address::parse(text);
}

std::int64_t now() {
    return std::time(nullptr);
}

Result<Certificate> accept(const std::string& upload, const std::vector<OctetString>& stored = {},
                           const std::string& mail = alice_mail, bool any_user_id = false) {
    return accept_certificate(upload, address(mail), any_user_id, stored, now());
}

Certificate accepted(const std::string& upload, const std::vector<OctetString>& stored = {},
                     const std::string& mail = alice_mail, bool any_user_id = false) {
    auto certificate = accept(upload, stored, mail, any_user_id);
    BOOST_REQUIRE_MESSAGE(bool(certificate), (certificate ? "" : certificate.error().what));
    return *certificate;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

/// Whether the upload is refused for good, for this reason.
bool is_refused(const Result<Certificate>& result, const std::string& why) {
    BOOST_REQUIRE(!result);
    BOOST_TEST_MESSAGE("refused: " << result.error().what);
    BOOST_TEST((result.error().fate == Fate::refuse), result.error().what);
    BOOST_TEST(contains(result.error().what, why), result.error().what);
    return contains(result.error().what, why);
}

bool is_refused(const std::string& upload, const std::string& why) {
    return is_refused(accept(upload), why);
}

std::string fingerprint_of_subkey(const Certificate& certificate, std::size_t index = 0) {
    return to_hex(certificate.encryption_keys.at(index).key.fingerprint);
}

KeyState state_of(const Certificate& certificate) {
    return compile_plan({&certificate, 1}, now()).state;
}

/// A keyring with Alice's key in it, signing by `primary`, encrypting by `subkey`.
struct AliceKeyring : GpgKeyring {
    explicit AliceKeyring(const std::string& primary = "ed25519",
                          const std::string& subkey = "cv25519",
                          const std::string& when = "20240101") {
        generate(alice_id, primary, "never", when);
        if (!subkey.empty()) add_subkey(alice_mail, subkey, "never", when);
    }
    std::string fingerprint_of_key() const { return fingerprint(alice_mail); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_certificate)

BOOST_AUTO_TEST_CASE(real_keys_of_every_kind_are_accepted) {
    for (const auto& [primary, subkey] :
         std::vector<std::pair<std::string, std::string>>{{"rsa2048", "rsa2048"},
                                                          {"rsa3072", "cv25519"},
                                                          {"ed25519", "cv25519"},
                                                          {"nistp256", "nistp256"},
                                                          {"nistp521", "nistp384"},
                                                          {"brainpoolP256r1", "brainpoolP256r1"},
                                                          {"ed25519", "brainpoolP512r1"}}) {
        const AliceKeyring keyring{primary, subkey};
        BOOST_TEST_CONTEXT(primary << " and " << subkey)
        for (const std::string& upload : {keyring.export_binary(), keyring.export_armoured()}) {
            const Certificate certificate = accepted(upload);
            BOOST_TEST(to_hex(certificate.fingerprint) == keyring.fingerprint_of_key());
            BOOST_TEST(certificate.user_ids == std::vector{alice_id},
                       boost::test_tools::per_element());
            BOOST_TEST((certificate.addresses == std::vector{address(alice_mail)}));
            BOOST_TEST(certificate.created == 1704110400);
            BOOST_TEST(certificate.expires == 0);
            BOOST_TEST(!certificate.revoked);
            BOOST_REQUIRE(certificate.encryption_keys.size() == 1U);
            const EncryptionKey& key = certificate.encryption_keys[0].key;
            BOOST_TEST(to_hex(key.fingerprint) == keyring.fingerprint(alice_mail, -1));
            BOOST_TEST((fingerprint_of(key.packet) == key.fingerprint));
            BOOST_TEST(key.created >= certificate.created);
            BOOST_TEST(key.expires == 0);
            BOOST_TEST(!key.seipd2);
            BOOST_TEST(bool(check_encryption_key(key.packet)));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_primary_key_that_may_encrypt_is_taken_when_there_is_no_subkey) {
    const GpgKeyring keyring;
    keyring.gpg("--quick-generate-key '" + alice_id + "' rsa2048 sign,cert,encr never");
    const Certificate certificate = accepted(keyring.export_binary());
    BOOST_REQUIRE(certificate.encryption_keys.size() == 1U);
    BOOST_TEST((certificate.encryption_keys[0].key.fingerprint == certificate.fingerprint));
}

BOOST_AUTO_TEST_CASE(what_is_stored_is_accepted_again_and_exported) {
    const AliceKeyring keyring;
    const Certificate certificate = accepted(keyring.export_binary());
    const Certificate again = accepted(std::string{as_text(certificate.binary)});
    BOOST_TEST((again.binary == certificate.binary));
    const GpgKeyring other;
    other.import(armour_certificate(certificate.binary));
    BOOST_TEST(other.fingerprint(alice_mail) == keyring.fingerprint_of_key());
    const std::string plain = other.put("plain", "hello");
    other.gpg("--trust-model always -r " + alice_mail + " -o " + other.home() + "/sealed -e " +
              plain);
    BOOST_TEST(keyring.gpg("-d " + other.home() + "/sealed") == "hello");
}

BOOST_AUTO_TEST_CASE(the_newest_subkey_comes_first) {
    const AliceKeyring keyring{"ed25519", "cv25519", "20240101"};
    const std::string second = keyring.add_subkey(alice_mail, "nistp256", "never", "20240301");
    const std::string third = keyring.add_subkey(alice_mail, "cv25519", "never", "20240201");
    const Certificate certificate = accepted(keyring.export_binary());
    BOOST_REQUIRE(certificate.encryption_keys.size() == 3U);
    BOOST_TEST(fingerprint_of_subkey(certificate, 0) == second);
    BOOST_TEST(fingerprint_of_subkey(certificate, 1) == third);
    const RecipientKeys plan = compile_plan({&certificate, 1}, now());
    BOOST_REQUIRE(plan.plan.seal_to.size() == 1U);
    BOOST_TEST(to_hex(plan.plan.seal_to[0].fingerprint) == second);
    BOOST_TEST(plan.plan.recognise.size() == 3U);
}

BOOST_AUTO_TEST_CASE(the_earlier_expiry_of_key_and_subkey_counts) {
    const GpgKeyring keyring;
    keyring.generate(alice_id, "ed25519", "5y", "20240101");
    keyring.add_subkey(alice_mail, "cv25519", "8y", "20240101");
    keyring.add_subkey(alice_mail, "cv25519", "3y", "20240102");
    keyring.add_subkey(alice_mail, "cv25519", "never", "20240103");
    const Certificate certificate = accepted(keyring.export_binary());
    BOOST_REQUIRE(certificate.encryption_keys.size() == 3U);
    const auto expiry = [&](std::size_t i) { return certificate.encryption_keys[i].key.expires; };
    BOOST_TEST(certificate.expires > 0);
    BOOST_TEST(expiry(0) == certificate.expires);
    BOOST_TEST(expiry(1) < certificate.expires);
    BOOST_TEST(expiry(1) > certificate.created);
    BOOST_TEST(expiry(2) == certificate.expires);
}

BOOST_AUTO_TEST_CASE(expired_certificates_are_returned) {
    const GpgKeyring keyring;
    keyring.generate(alice_id, "ed25519", "1y", "20200101");
    keyring.add_subkey(alice_mail, "cv25519", "never", "20200101");
    const Certificate certificate = accepted(keyring.export_binary());
    BOOST_TEST((certificate.addresses == std::vector{address(alice_mail)}));
    BOOST_TEST(certificate.expires < now());
    BOOST_TEST(certificate.encryption_keys.at(0).key.expires == certificate.expires);
    BOOST_TEST((state_of(certificate) == KeyState::expired));
}

BOOST_AUTO_TEST_CASE(an_expired_subkey_gives_way_to_an_older_one) {
    const AliceKeyring keyring{"ed25519", "cv25519", "20200101"};
    const std::string old = keyring.fingerprint(alice_mail, -1);
    keyring.add_subkey(alice_mail, "cv25519", "1y", "20210101");
    const Certificate certificate = accepted(keyring.export_binary());
    BOOST_REQUIRE(certificate.encryption_keys.size() == 2U);
    const RecipientKeys plan = compile_plan({&certificate, 1}, now());
    BOOST_TEST((plan.state == KeyState::sealable));
    BOOST_TEST(to_hex(plan.plan.seal_to.at(0).fingerprint) == old);
}

BOOST_AUTO_TEST_CASE(a_revoked_subkey_stays_to_be_recognised) {
    const AliceKeyring keyring;
    keyring.add_subkey(alice_mail, "cv25519", "never", "20240201");
    keyring.edit(alice_mail, "key 2\nrevkey\ny\n0\n\ny\nsave\n");
    const Certificate certificate = accepted(keyring.export_binary());
    BOOST_REQUIRE(certificate.encryption_keys.size() == 2U);
    BOOST_TEST(certificate.encryption_keys[0].revoked);
    BOOST_TEST(!certificate.encryption_keys[1].revoked);
    BOOST_TEST((state_of(certificate) == KeyState::sealable));
}

BOOST_AUTO_TEST_CASE(a_revoked_certificate_is_returned) {
    const AliceKeyring keyring;
    keyring.import(keyring.revocation(alice_mail));
    const Certificate certificate = accepted(keyring.export_binary());
    BOOST_TEST(certificate.revoked);
    BOOST_TEST((certificate.addresses == std::vector{address(alice_mail)}));
    BOOST_REQUIRE(certificate.encryption_keys.size() == 1U);
    BOOST_TEST(certificate.encryption_keys[0].revoked);
    BOOST_TEST((state_of(certificate) == KeyState::revoked));
}

BOOST_AUTO_TEST_CASE(an_older_upload_does_not_revive_a_revoked_certificate) {
    const AliceKeyring keyring;
    const std::string before = keyring.export_binary();
    keyring.import(keyring.revocation(alice_mail));
    const Certificate revoked = accepted(keyring.export_binary(), {accepted(before).binary});
    BOOST_TEST(revoked.revoked);
    const Certificate again = accepted(before, {revoked.binary});
    BOOST_TEST(again.revoked);
    BOOST_TEST((state_of(again) == KeyState::revoked));
}

BOOST_AUTO_TEST_CASE(an_older_upload_does_not_revive_a_revoked_subkey) {
    const AliceKeyring keyring;
    const std::string before = keyring.export_binary();
    keyring.edit(alice_mail, "key 1\nrevkey\ny\n0\n\ny\nsave\n");
    const Certificate revoked = accepted(keyring.export_binary());
    BOOST_TEST((state_of(revoked) == KeyState::revoked));
    BOOST_TEST((state_of(accepted(before, {revoked.binary})) == KeyState::revoked));
}

BOOST_AUTO_TEST_CASE(a_revocation_alone_revokes_what_is_stored) {
    const AliceKeyring keyring;
    const Certificate stored = accepted(keyring.export_binary());
    const std::string revocation = keyring.revocation(alice_mail);
    BOOST_TEST(contains(revocation, "PUBLIC KEY BLOCK"));
    BOOST_TEST(accepted(revocation, {stored.binary}).revoked);
    BOOST_TEST(accepted(keyring.export_armoured() + revocation).revoked);
    BOOST_TEST(is_refused(revocation, "not stored"));
    const AliceKeyring other;
    BOOST_TEST(is_refused(accept(other.revocation(alice_mail), {stored.binary}), "not stored"));
}

BOOST_AUTO_TEST_CASE(a_revocation_of_what_is_stored_goes_before_a_new_key) {
    const AliceKeyring old;
    const Certificate stored = accepted(old.export_binary());
    old.import(old.revocation(alice_mail));
    const AliceKeyring next{"ed25519", "cv25519", "20240301"};
    for (const std::string& both :
         {old.export_binary() + next.export_binary(), next.export_binary() + old.export_binary()}) {
        const Certificate first = accepted(both, {stored.binary});
        BOOST_TEST((first.fingerprint == stored.fingerprint));
        BOOST_TEST(first.revoked);
        const Certificate second = accepted(both, {first.binary});
        BOOST_TEST(to_hex(second.fingerprint) == next.fingerprint_of_key());
    }
}

/// RFC 4880 §5.2.3.15. Without the revoker's key nobody can tell whether it is true.
BOOST_AUTO_TEST_CASE(what_a_designated_revoker_has_revoked_is_refused) {
    const AliceKeyring keyring;
    const std::string undesignated = keyring.export_binary();
    keyring.generate("Rita <rita@example.org>");
    keyring.name_revoker(alice_mail, "rita@example.org");
    const std::string before = keyring.export_binary(alice_mail);
    const Certificate stored = accepted(before);
    const std::string revocation = keyring.designated_revocation(alice_mail);
    keyring.import(revocation);
    const std::string revoked = keyring.export_binary(alice_mail);

    BOOST_TEST(is_refused(revoked, "make a new key"));
    BOOST_TEST(is_refused(accept(revoked, {stored.binary}), "keyd-cli lost-key"));
    BOOST_TEST(is_refused(accept(revocation, {stored.binary}), "keyd-cli lost-key"));
    BOOST_TEST(is_refused(keyring.export_armoured(alice_mail) + revocation, "make a new key"));
    // gpg's file holds who may revoke as well; here only what is stored says it.
    const std::string alone{
        as_text(signature(Fingerprint{9, 9}, {.type = SignatureType::key_revocation}))};
    BOOST_TEST(is_refused(accept(alone, {stored.binary}), "keyd-cli lost-key"));
    BOOST_TEST(is_refused(accept(undesignated + alone, {stored.binary}), "keyd-cli lost-key"));
    BOOST_TEST(is_refused(accept(alone, {accepted(undesignated).binary}), "not stored"));
    BOOST_TEST(!accepted(undesignated + alone).revoked);

    const AliceKeyring next;
    const std::string both = revoked + next.export_binary();
    BOOST_TEST(to_hex(accepted(both).fingerprint) == next.fingerprint_of_key());
    BOOST_TEST(is_refused(accept(both, {stored.binary}), "keyd-cli lost-key"));
    // The address's other key is revoked by its own revocation all the same.
    const Certificate other = accepted(next.export_binary());
    const Certificate gone = accepted(next.revocation(alice_mail), {stored.binary, other.binary});
    BOOST_TEST((gone.fingerprint == other.fingerprint));
    BOOST_TEST(gone.revoked);
}

BOOST_AUTO_TEST_CASE(a_false_revocation_revokes_nothing) {
    const AliceKeyring keyring;
    const Certificate stored = accepted(keyring.export_binary());
    const OctetString forged =
        signature(stored.fingerprint, {.type = SignatureType::key_revocation});
    const Certificate after = accepted(std::string{as_text(forged)}, {stored.binary});
    BOOST_TEST(!after.revoked);
    BOOST_TEST((state_of(after) == KeyState::sealable));
}

BOOST_AUTO_TEST_CASE(the_newer_expiry_wins_in_any_order) {
    const GpgKeyring keyring;
    keyring.generate(alice_id, "ed25519", "1y", "20200101");
    keyring.add_subkey(alice_mail, "cv25519", "1y", "20200101");
    const std::string before = keyring.export_binary();
    keyring.gpg("--quick-set-expire " + keyring.fingerprint(alice_mail) + " 20y", "20200601");
    keyring.gpg("--quick-set-expire " + keyring.fingerprint(alice_mail) + " 20y '*'", "20200601");
    const std::string extended = keyring.export_binary();

    const Certificate old = accepted(before);
    BOOST_TEST((state_of(old) == KeyState::expired));
    const Certificate first_old = accepted(extended, {old.binary});
    BOOST_TEST((state_of(first_old) == KeyState::sealable));
    const Certificate first_new = accepted(before, {accepted(extended).binary});
    BOOST_TEST((state_of(first_new) == KeyState::sealable));
    BOOST_TEST(first_new.expires == first_old.expires);
    BOOST_TEST(first_new.encryption_keys.at(0).key.expires ==
               first_old.encryption_keys.at(0).key.expires);

    keyring.gpg("--quick-set-expire " + keyring.fingerprint(alice_mail) + " 2y", "20200701");
    const Certificate shortened = accepted(keyring.export_binary(), {first_old.binary});
    BOOST_TEST((state_of(shortened) == KeyState::expired));
    BOOST_TEST((state_of(accepted(extended, {shortened.binary})) == KeyState::expired));
}

BOOST_AUTO_TEST_CASE(a_merge_keeps_subkeys_that_the_new_upload_lacks) {
    const AliceKeyring keyring;
    const std::string before = keyring.export_binary();
    const std::string second = keyring.add_subkey(alice_mail, "cv25519", "never", "20240201");
    const Certificate with_both = accepted(keyring.export_binary());
    const Certificate merged = accepted(before, {with_both.binary});
    BOOST_REQUIRE(merged.encryption_keys.size() == 2U);
    BOOST_TEST(fingerprint_of_subkey(merged) == second);
}

BOOST_AUTO_TEST_CASE(certificates_of_others_are_not_merged) {
    const AliceKeyring stored;
    const AliceKeyring uploaded;
    const Certificate certificate =
        accepted(uploaded.export_binary(), {accepted(stored.export_binary()).binary});
    BOOST_TEST(to_hex(certificate.fingerprint) == uploaded.fingerprint_of_key());
    BOOST_TEST((certificate.binary == accepted(uploaded.export_binary()).binary));
}

BOOST_AUTO_TEST_CASE(the_address_must_be_that_of_a_valid_user_id) {
    const AliceKeyring keyring;
    keyring.gpg("--quick-add-uid " + alice_mail + " 'Work <Work@Example.com>'");
    keyring.gpg("--quick-add-uid " + alice_mail + " 'bare@example.net'");
    keyring.gpg("--quick-add-uid " + alice_mail + " 'Trick <alice@example.org> <x@example.org>'");
    const std::string upload = keyring.export_binary();
    const Certificate certificate = accepted(upload, {}, "work@example.com");
    BOOST_TEST(certificate.user_ids.size() == 4U);
    BOOST_TEST(certificate.addresses.size() == 4U);
    accepted(upload, {}, "bare@example.net");
    accepted(upload, {}, "x@example.org");
    BOOST_TEST(is_refused(accept(upload, {}, "bob@example.org"), "no user id with the address"));
    accepted(upload, {}, "bob@example.org", true);

    keyring.gpg("--quick-revoke-uid " + alice_mail + " 'Work <Work@Example.com>'");
    const std::string revoked = keyring.export_binary();
    BOOST_TEST(is_refused(accept(revoked, {}, "work@example.com"), "revoked"));
    BOOST_TEST(accepted(revoked).user_ids.size() == 3U);
    // What is stored for the address is updated all the same.
    const Certificate updated = accepted(revoked, {certificate.binary}, "work@example.com");
    BOOST_TEST(updated.addresses.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_user_id_that_somebody_added_does_not_count) {
    const AliceKeyring keyring;
    const Certificate certificate = accepted(keyring.export_binary());
    std::string upload{as_text(certificate.binary)};
    const OctetString added = joined(
        {packet(PacketTag::user_id, "Bob <bob@example.org>"), signature(certificate.fingerprint)});
    upload += as_text(added);
    BOOST_TEST(is_refused(accept(upload, {}, "bob@example.org"), "not validly self-signed"));
    const Certificate cleaned = accepted(upload);
    BOOST_TEST(cleaned.addresses.size() == 1U);
    BOOST_TEST((cleaned.binary == certificate.binary));
}

BOOST_AUTO_TEST_CASE(user_ids_in_any_encoding_survive) {
    const AliceKeyring keyring;
    for (const std::string& text : {std::string{"Al\\x: 100% \\ \"q\" <a@example.org>"},
                                    std::string{"\xc3\x84lice <\xc3\xa4@example.org>"}})
        keyring.gpg("--quick-add-uid " + alice_mail + " '" + text + "'");
    const Certificate certificate = accepted(keyring.export_binary());
    BOOST_TEST(certificate.user_ids.size() == 3U);
    accepted(keyring.export_binary(), {}, "a@example.org");
    accepted(keyring.export_binary(), {}, "\xc3\xa4@example.org");
    accepted(keyring.export_binary(), {}, "\xc3\x84@example.org");
    accepted(keyring.export_binary(), {}, "a\xcc\x88@example.org");
    BOOST_TEST(!accept(keyring.export_binary(), {}, "o\xcc\x88@example.org"));
}

BOOST_AUTO_TEST_CASE(of_several_certificates_the_matching_one_is_taken) {
    const AliceKeyring alice;
    const GpgKeyring others;
    for (const char* name : {"bob", "carol"}) {
        others.generate(std::string{name} + " <" + name + "@example.org>");
        others.add_subkey(std::string{name} + "@example.org");
    }
    const std::string binary = others.export_binary() + alice.export_binary();
    BOOST_TEST(to_hex(accepted(binary).fingerprint) == alice.fingerprint_of_key());
    BOOST_TEST(to_hex(accepted(others.export_armoured() + alice.export_armoured()).fingerprint) ==
               alice.fingerprint_of_key());
    BOOST_TEST(to_hex(accepted(binary, {}, "carol@example.org").fingerprint) ==
               others.fingerprint("carol@example.org"));
    BOOST_TEST(is_refused(accept(binary, {}, "dave@example.org"), "none of the certificates"));
    const Certificate forced = accepted(binary, {}, "dave@example.org", true);
    BOOST_TEST(to_hex(forced.fingerprint) == others.fingerprint("bob@example.org"));
}

BOOST_AUTO_TEST_CASE(of_several_matching_ones_the_usable_newest_is_taken) {
    const AliceKeyring revoked{"ed25519", "cv25519", "20240301"};
    revoked.import(revoked.revocation(alice_mail));
    const AliceKeyring newer{"ed25519", "cv25519", "20240201"};
    const AliceKeyring older{"ed25519", "cv25519", "20240101"};
    for (const std::string& upload :
         {revoked.export_binary() + newer.export_binary() + older.export_binary(),
          older.export_binary() + newer.export_binary() + revoked.export_binary()})
        BOOST_TEST(to_hex(accepted(upload).fingerprint) == newer.fingerprint_of_key());
    std::string many;
    for (std::uint8_t i = 0; i < 9; ++i) {
        // As many as may be go to gpg, which finds them false.
        if (i == 8) BOOST_TEST(is_refused(many, "no user id with a valid self-signature"));
        const OctetString body = key_body(i);
        many += as_text(
            joined({packet(PacketTag::public_key, body), packet(PacketTag::user_id, alice_id),
                    signature(fingerprint_of(body))}));
    }
    BOOST_TEST(is_refused(many, "more than 8 certificates"));
}

BOOST_AUTO_TEST_CASE(secret_keys_are_refused_in_every_form) {
    const AliceKeyring keyring;
    for (const char* armour : {"", "--armor "})
        for (const char* command : {"--export-secret-keys ", "--export-secret-subkeys "}) {
            const std::string secret = keyring.gpg(armour + std::string{command} + alice_mail);
            BOOST_TEST(is_refused(secret, "secret key"));
            const bool binary = *armour == '\0';
            const std::string certificate =
                binary ? keyring.export_binary() : keyring.export_armoured();
            BOOST_TEST(is_refused(certificate + secret, "secret key"));
        }
    std::string renamed = keyring.gpg("--armor --export-secret-keys " + alice_mail);
    for (std::size_t at = 0; (at = renamed.find("PRIVATE", at)) != renamed.npos;)
        renamed.replace(at, 7, "PUBLIC");
    BOOST_TEST(is_refused(renamed, "gpg --armor --export"));
}

BOOST_AUTO_TEST_CASE(what_cannot_encrypt_is_refused) {
    const AliceKeyring sign_only{"ed25519", ""};
    BOOST_TEST(is_refused(sign_only.export_binary(), "it can only sign"));
    const GpgKeyring elgamal;
    const std::string parameters = elgamal.put(
        "parameters",
        "%no-protection\nKey-Type: DSA\nKey-Length: 2048\nSubkey-Type: ELG\nSubkey-Length: "
        "2048\nName-Real: Alice\nName-Email: alice@example.org\n%commit\n");
    elgamal.gpg("--generate-key " + parameters);
    BOOST_TEST(is_refused(elgamal.export_binary(), "Elgamal"));
}

BOOST_AUTO_TEST_CASE(weak_rsa_is_refused) {
    const AliceKeyring weak_subkey{"ed25519", "rsa1024"};
    BOOST_TEST(is_refused(weak_subkey.export_binary(), "1024 bits"));
    weak_subkey.add_subkey(alice_mail, "rsa2048");
    BOOST_TEST(accepted(weak_subkey.export_binary()).encryption_keys.size() == 1U);
    const AliceKeyring weak_primary{"rsa1024", "cv25519"};
    BOOST_TEST(is_refused(weak_primary.export_binary(), "RSA with 1024 bits"));
}

BOOST_AUTO_TEST_CASE(sha1_is_refused_on_demand) {
    const GpgKeyring keyring;
    keyring.gpg("--cert-digest-algo SHA1 --quick-generate-key '" + alice_id +
                "' rsa2048 sign,cert,encr never");
    const std::string upload = keyring.export_binary();
    accepted(upload);
    BOOST_TEST(is_refused(accept_certificate(upload, address(alice_mail), false, {}, now(), true),
                          "SHA-1 where keyd is told to refuse it"));
    const AliceKeyring good;
    BOOST_TEST(bool(
        accept_certificate(good.export_binary(), address(alice_mail), false, {}, now(), true)));
}

BOOST_AUTO_TEST_CASE(messages_and_signatures_are_no_certificates) {
    const AliceKeyring keyring;
    const std::string text = keyring.put("text", "hello");
    for (const std::string armour : {"", "--armor "}) {
        BOOST_TEST(is_refused(
            keyring.gpg(armour + "--trust-model always -o- -r " + alice_mail + " -e " + text),
            "not a certificate"));
        BOOST_TEST(
            is_refused(keyring.gpg(armour + "--passphrase x -o- -c " + text), "not a certificate"));
        BOOST_TEST(is_refused(keyring.gpg(armour + "-o- -s " + text), "not a certificate"));
        BOOST_TEST(is_refused(keyring.gpg(armour + "-o- -b " + text), "not a certificate"));
    }
    BOOST_TEST(is_refused(keyring.gpg("-o- --clear-sign " + text), "not a certificate"));
}

BOOST_AUTO_TEST_CASE(algorithms_that_gpg_does_not_know_are_named) {
    OctetString body = key_body(1);
    body[5] = 27;
    const OctetString upload =
        joined({packet(PacketTag::public_key, body), packet(PacketTag::user_id, alice_id),
                signature(fingerprint_of(body))});
    BOOST_TEST(is_refused(std::string{as_text(upload)}, "public-key algorithm 27"));
}

BOOST_AUTO_TEST_CASE(pictures_and_other_peoples_signatures_go) {
    const AliceKeyring keyring;
    const std::string plain = keyring.export_binary();
    const GpgKeyring friends;
    friends.import(plain);
    for (const char* name : {"bob", "carol"}) {
        friends.generate(std::string{name} + " <" + name + "@example.org>");
        friends.gpg("--default-key " + std::string{name} + "@example.org --quick-sign-key " +
                    keyring.fingerprint_of_key());
    }
    keyring.import(friends.export_binary(alice_mail));
    // The smallest JPEG that gpg takes for one.
    const std::string picture = keyring.put(
        "picture.jpg", std::string{"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9", 22});
    keyring.edit(alice_mail, "addphoto\n" + picture + "\ny\nsave\n");
    const std::string decorated = keyring.export_binary();
    BOOST_TEST(decorated.size() > plain.size() + 300);
    BOOST_TEST((accepted(decorated).binary == accepted(plain).binary));
}

BOOST_AUTO_TEST_CASE(a_flooded_certificate_is_accepted_without_the_flood) {
    const AliceKeyring keyring;
    const std::string plain = keyring.export_binary();
    const OctetString foreign = signature(fingerprint_of(key_body(9)));
    std::string flooded = plain;
    while (flooded.size() + foreign.size() <= max_upload) flooded += as_text(foreign);
    BOOST_TEST((accepted(flooded).binary == accepted(plain).binary));
}

BOOST_AUTO_TEST_CASE(uploads_are_taken_up_to_the_limit) {
    const AliceKeyring keyring;
    std::string upload = keyring.export_armoured();
    upload.resize(max_upload, '\n');
    accepted(upload);
    upload += '\n';
    BOOST_TEST(is_refused(upload, "more than 5242880 octets"));
}

BOOST_AUTO_TEST_CASE(what_gpg_finds_invalid_is_not_used) {
    const AliceKeyring keyring;
    const Certificate good = accepted(keyring.export_binary());
    // A subkey that somebody adds in the hope that mail gets sealed to it.
    const AliceKeyring mallory;
    const Certificate theirs = accepted(mallory.export_binary());
    const OctetString& packet_of_theirs = theirs.encryption_keys.at(0).key.packet;
    std::string upload{as_text(good.binary)};
    upload +=
        as_text(joined({packet(PacketTag::public_subkey, packet_of_theirs),
                        signature(good.fingerprint, {.type = SignatureType::subkey_binding})}));
    const Certificate certificate = accepted(upload);
    BOOST_TEST((certificate.binary == good.binary));
    // The binding that mallory's own key made.
    Collected parts{theirs.binary};
    upload = as_text(good.binary);
    upload += as_text(
        joined({packet(PacketTag::public_subkey, packet_of_theirs),
                packet(PacketTag::signature, parts.keys.at(0).subkeys.at(0).signatures.at(0))}));
    BOOST_TEST((accepted(upload).binary == good.binary));
}

BOOST_AUTO_TEST_CASE(several_threads_may_upload_at_once) {
    const AliceKeyring keyring;
    const std::string upload = keyring.export_binary();
    std::vector<int> accepted_uploads(3);
    std::vector<std::thread> threads;
    for (int& count : accepted_uploads)
        threads.emplace_back([&] {
            for (int i = 0; i < 5; ++i)
                if (accept(upload)) ++count;
        });
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(accepted_uploads == std::vector<int>({5, 5, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
