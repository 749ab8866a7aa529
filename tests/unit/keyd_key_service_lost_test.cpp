#include "tests/unit/support/service_fixture.hpp"

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

const std::string lost = "/v1/addresses/daemon@sealed.test/lost";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keyd_key_service_lost, ServiceFixture)

BOOST_AUTO_TEST_CASE(a_lost_key_is_sealed_to_no_longer_and_still_recognised) {
    add("daemon@sealed.test", "phone");
    add("daemon@sealed.test", "desk");
    for (const Fingerprint& named :
         {certificate("phone").fingerprint, encryption_key("desk").fingerprint}) {
        const auto reply = serve("POST", lost + "?key=" + to_hex(named), daemon);
        BOOST_TEST(reply.status == 200U);
        BOOST_TEST(json::parse(reply.body)["lost"].size() == 1U);
        if (named == certificate("phone").fingerprint)
            BOOST_TEST(keys("daemon@sealed.test") == keys_of({"desk"}));
    }
    BOOST_TEST(state("daemon@sealed.test") == "tombstone");
    BOOST_TEST(keys("daemon@sealed.test", "recognise") == keys_of({"phone", "desk"}));
    const auto rows = store->log(2, 10, std::nullopt).value();
    BOOST_REQUIRE(rows.size() == 2U);
    BOOST_TEST(rows[0].action == "lost");
    BOOST_TEST(rows[0].keys.value() == to_hex(encryption_key("desk").fingerprint));
    BOOST_TEST(rows[1].keys.value() == "");
}

BOOST_AUTO_TEST_CASE(without_a_fingerprint_all_keys_are_lost) {
    add("daemon@sealed.test", "phone");
    add("daemon@sealed.test", "desk");
    BOOST_TEST(serve("POST", lost, daemon).status == 200U);
    BOOST_TEST(state("daemon@sealed.test") == "tombstone");
    BOOST_TEST(serve("POST", lost, daemon).status == 200U);  // and again: nothing new
    BOOST_TEST(store->stamp().value().revision == 3);
    const json shown = json::parse(serve("GET", "/v1/addresses/daemon@sealed.test").body);
    BOOST_TEST(shown["lost"].size() == 2U);
    BOOST_TEST(shown["certificates"].size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_lost_key_does_not_come_back_by_an_upload) {
    add("daemon@sealed.test", "phone");
    serve("POST", lost, daemon);
    for (const Caller& caller : {daemon, root}) {
        BOOST_TEST(code(add("daemon@sealed.test", "phone", caller)) == "certificate_refused");
        BOOST_TEST(code(add("daemon@sealed.test", "phone:9000", caller)) == "certificate_refused");
    }
    // Nor when its certificate was taken away meanwhile.
    serve("DELETE", "/v1/addresses/daemon@sealed.test/certificates/" +
                        to_hex(certificate("phone").fingerprint));
    BOOST_TEST(code(add("daemon@sealed.test", "phone")) == "certificate_refused");
    BOOST_TEST(state("daemon@sealed.test") == "tombstone");
    BOOST_TEST(add("daemon@sealed.test", "new").status == 201U);
    BOOST_TEST(keys("daemon@sealed.test") == keys_of({"new"}));
    // Found again: the address is released first.
    serve("DELETE", "/v1/addresses/daemon@sealed.test");
    BOOST_TEST(add("daemon@sealed.test", "phone").status == 201U);
}

BOOST_AUTO_TEST_CASE(a_certificate_with_a_lost_subkey_lives_on_by_its_others) {
    const EntryName name{address("ann@sealed.test")};
    Certificate two_subkeys = certificate("old");
    two_subkeys.encryption_keys.insert(two_subkeys.encryption_keys.begin(),
                                       {encryption_key("new"), false});
    const Change change = binding_change(address("ann@sealed.test"), 0, {two_subkeys});
    BOOST_REQUIRE((store->apply({&change, 1}).value() == Applied::done));
    BOOST_TEST(keys("ann@sealed.test") == keys_of({"new"}));
    serve("POST",
          "/v1/addresses/ann@sealed.test/lost?key=" + to_hex(encryption_key("new").fingerprint));
    BOOST_TEST(keys("ann@sealed.test") == keys_of({"old"}));
}

BOOST_AUTO_TEST_CASE(what_is_not_there_cannot_be_lost) {
    BOOST_TEST(serve("POST", lost, daemon).status == 404U);
    add("daemon@sealed.test", "phone");
    BOOST_TEST(code(serve("POST", lost + "?key=" + std::string(40, 'A'), daemon)) ==
               "unknown_certificate");
    BOOST_TEST(serve("POST", lost, stranger).status == 403U);
    BOOST_TEST(state("daemon@sealed.test") == "sealable");
}

BOOST_AUTO_TEST_CASE(a_domains_key_can_be_lost_by_administrators) {
    add("@sealed.test", "domain");
    BOOST_TEST(serve("POST", "/v1/addresses/@sealed.test/lost", daemon).status == 403U);
    BOOST_TEST(serve("POST", "/v1/addresses/@sealed.test/lost").status == 200U);
    BOOST_TEST(state("anybody@sealed.test") == "tombstone");
}

BOOST_AUTO_TEST_SUITE_END()
