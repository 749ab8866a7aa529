#include "keyd/verdict.hpp"
#include "tests/unit/support/certificate_parts.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

constexpr std::int64_t now = 0x60001000;
const OctetString primary_body = key_body(1);
const Fingerprint owner = fingerprint_of(primary_body);

/// A subkey that mail can really be encrypted to: the Curve25519 base point.
OctetString encryption_key(std::uint8_t created) {
    OctetString body{4, 0x60, 0,    0, created, 18, 10, 0x2b, 6,    1, 4,
                     1, 0x97, 0x55, 1, 5,       1,  1,  7,    0x40, 9};
    body.resize(body.size() + 31, 0);
    const OctetString derivation{3, 1, 8, 7};
    body.insert(body.end(), derivation.begin(), derivation.end());
    return body;
}

const OctetString subkey_body = encryption_key(2);

/// A certificate of one user id and one subkey, and what gpg would say of it.
struct Example {
    TransferableKey key;
    KeyListing listing;

    Example() {
        key.fingerprint = owner;
        key.primary.body = primary_body;
        const std::string_view text = "Alice <alice@example.org>";
        key.user_ids = {{{text.begin(), text.end()}, {signature_body(owner)}}};
        key.subkeys = {
            {subkey_body, {signature_body(owner, {.type = SignatureType::subkey_binding})}}};
        listing.keys = {{owner, 0x60000001, 0, false, false, false},
                        {fingerprint_of(subkey_body), 0x60000002, 0, true, false, false}};
        listing.user_ids = {{std::string{text}, false, false}};
    }
    Result<Certificate> judge() const { return judge_certificate(key, listing, now); }
    bool seipd2() const { return judge()->encryption_keys.at(0).key.seipd2; }
};

std::string address_text(std::string_view user_id) {
    const auto address = address_of_user_id(user_id);
    return address ? address->text() : "none";
}

bool says(const Result<Certificate>& result, Fate fate, const std::string& part) {
    BOOST_REQUIRE(!result);
    BOOST_TEST_MESSAGE(result.error().what);
    return result.error().fate == fate && result.error().what.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_verdict)

BOOST_AUTO_TEST_CASE(the_address_is_in_the_last_brackets_or_alone) {
    BOOST_TEST(address_text("Alice <alice@example.org>") == "alice@example.org");
    BOOST_TEST(address_text("<Alice@Example.ORG>") == "alice@example.org");
    BOOST_TEST(address_text("alice@example.org") == "alice@example.org");
    BOOST_TEST(address_text("A <a@example.org> B <b@example.org>") == "b@example.org");
    BOOST_TEST(address_text("Alice <alice@example.org> (work)") == "alice@example.org");
    BOOST_TEST(address_text("alice@example.org <") == "none");
    BOOST_TEST(address_text("alice@example.org <>") == "none");
    BOOST_TEST(address_text("Alice alice@example.org") == "none");
    BOOST_TEST(address_text("Alice") == "none");
    BOOST_TEST(address_text("") == "none");
}

BOOST_AUTO_TEST_CASE(what_gpg_listed_is_believed) {
    const auto certificate = Example{}.judge();
    BOOST_REQUIRE(bool(certificate));
    BOOST_TEST((certificate->fingerprint == owner));
    BOOST_TEST(certificate->addresses.size() == 1U);
    BOOST_REQUIRE(certificate->encryption_keys.size() == 1U);
    BOOST_TEST((certificate->encryption_keys[0].key.packet == subkey_body));
    BOOST_TEST(certificate->encryption_keys[0].key.created == 0x60000002);
}

BOOST_AUTO_TEST_CASE(a_primary_key_is_weak_below_its_limit) {
    for (const std::uint8_t algorithm : std::initializer_list<std::uint8_t>{1, 3, 17})
        for (const int bits : {min_rsa_bits - 1, min_rsa_bits}) {
            Example example;
            example.key.primary.body = {4, 0x60, 0, 0, 1, algorithm};
            append_number(example.key.primary.body, static_cast<std::size_t>(bits), 2);
            example.key.primary.body.resize(6 + 2 + 256, 0xff);
            if (bits % 8 != 0) example.key.primary.body[8] = 0x7f;
            const auto judged = example.judge();
            if (bits < min_rsa_bits)
                BOOST_TEST(says(judged, Fate::refuse, "2047 bits, which is too weak"));
            else
                BOOST_TEST(bool(judged));
        }
}

BOOST_AUTO_TEST_CASE(what_gpg_did_not_list_or_found_invalid_is_gone) {
    Example unlisted;
    unlisted.listing.user_ids.clear();
    BOOST_TEST(unlisted.judge()->user_ids.empty());
    Example invalid_id;
    invalid_id.listing.user_ids[0].invalid = true;
    BOOST_TEST(invalid_id.judge()->user_ids.empty());
    Example invalid_subkey;
    invalid_subkey.listing.keys[1].invalid = true;
    BOOST_TEST(says(invalid_subkey.judge(), Fate::refuse, "no valid encryption subkey"));
    Example unlisted_subkey;
    unlisted_subkey.listing.keys.pop_back();
    BOOST_TEST(says(unlisted_subkey.judge(), Fate::refuse, "no valid encryption subkey"));
    Example invalid_primary;
    invalid_primary.listing.keys[0].invalid = true;
    BOOST_TEST(says(invalid_primary.judge(), Fate::refuse, "no user id with a valid"));
    Example nothing;
    nothing.listing = {};
    BOOST_TEST(says(nothing.judge(), Fate::refuse, "no user id with a valid"));
}

BOOST_AUTO_TEST_CASE(another_primary_key_than_asked_is_no_verdict) {
    Example swapped;
    std::swap(swapped.listing.keys[0], swapped.listing.keys[1]);
    BOOST_TEST(says(swapped.judge(), Fate::retry, "another key"));
}

BOOST_AUTO_TEST_CASE(the_future_is_named_as_the_reason) {
    Example example;
    example.listing = {};
    BOOST_TEST(says(judge_certificate(example.key, example.listing, 0x5fffffff), Fate::refuse,
                    "in the future"));
}

BOOST_AUTO_TEST_CASE(expiry_is_the_earlier_of_certificate_and_subkey) {
    const auto expiry = [](std::int64_t of_certificate, std::int64_t of_subkey) {
        Example example;
        example.listing.keys[0].expires = of_certificate;
        example.listing.keys[1].expires = of_subkey;
        return example.judge()->encryption_keys.at(0).key.expires;
    };
    BOOST_TEST(expiry(0, 0) == 0);
    BOOST_TEST(expiry(5, 0) == 5);
    BOOST_TEST(expiry(0, 5) == 5);
    BOOST_TEST(expiry(5, 6) == 5);
    BOOST_TEST(expiry(6, 5) == 5);
}

BOOST_AUTO_TEST_CASE(a_revoked_certificate_needs_no_encryption_subkey) {
    Example example;
    example.listing.keys.pop_back();
    example.listing.keys[0].revoked = true;
    const auto certificate = example.judge();
    BOOST_REQUIRE(bool(certificate));
    BOOST_TEST(certificate->revoked);
    BOOST_TEST(certificate->encryption_keys.empty());
}

BOOST_AUTO_TEST_CASE(a_user_id_of_a_revoked_certificate_counts_unless_revoked_itself) {
    Example example;
    example.listing.keys[0].revoked = true;
    example.listing.user_ids[0].revoked = true;  // as gpg says of all of them
    BOOST_TEST(example.judge()->user_ids.size() == 1U);
    example.key.user_ids[0].signatures.push_back(
        signature_body(owner, {.type = SignatureType::certification_revocation}));
    BOOST_TEST(example.judge()->user_ids.empty());
}

BOOST_AUTO_TEST_CASE(a_user_id_whose_newest_signature_has_expired_does_not_count) {
    Example example;
    auto& signatures = example.key.user_ids[0].signatures;
    signatures = {signature_body(owner, {.created = 0x60000001, .lifetime = 0x0fff})};
    BOOST_TEST(example.judge()->user_ids.empty());
    signatures = {signature_body(owner, {.created = 0x60000001, .lifetime = 0x1000})};
    BOOST_TEST(example.judge()->user_ids.size() == 1U);
    signatures = {signature_body(owner, {.created = 0x60000002}),
                  signature_body(owner, {.created = 0x60000001, .lifetime = 1})};
    BOOST_TEST(example.judge()->user_ids.size() == 1U);
}

BOOST_AUTO_TEST_CASE(seipd2_needs_every_newest_self_signature_to_say_so) {
    Example example;
    auto& signatures = example.key.user_ids[0].signatures;
    BOOST_TEST(!example.seipd2());
    signatures = {signature_body(owner, {.features = 1})};
    BOOST_TEST(!example.seipd2());
    signatures = {signature_body(owner, {.features = 9})};
    BOOST_TEST(example.seipd2());
    signatures.push_back(signature_body(owner, {.created = 0x60000009, .features = 1}));
    BOOST_TEST(!example.seipd2());
    signatures.pop_back();
    const SignatureShape direct{.type = SignatureType::direct_key, .features = 1};
    example.key.primary.signatures = {signature_body(owner, direct)};
    BOOST_TEST(!example.seipd2());
}

BOOST_AUTO_TEST_CASE(of_keys_of_one_age_a_subkey_comes_before_the_primary_key) {
    Example example;
    example.key.primary.body = encryption_key(2);
    example.key.primary.body[20] = 10;
    example.key.fingerprint = fingerprint_of(example.key.primary.body);
    example.listing.keys[0] = {example.key.fingerprint, 0x60000002, 0, true, false, false};
    const auto certificate = example.judge();
    BOOST_REQUIRE(bool(certificate));
    BOOST_REQUIRE(certificate->encryption_keys.size() == 2U);
    BOOST_TEST((certificate->encryption_keys[0].key.packet == subkey_body));
}

BOOST_AUTO_TEST_SUITE_END()
