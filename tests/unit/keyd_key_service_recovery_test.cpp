#include "tests/unit/support/service_fixture.hpp"

using namespace maildircrypt;
using namespace maildircrypt::test;

BOOST_FIXTURE_TEST_SUITE(keyd_key_service_recovery, ServiceFixture)

BOOST_AUTO_TEST_CASE(a_domains_mail_is_sealed_to_its_recovery_key_as_well) {
    add("ann@sealed.test", "one");
    BOOST_TEST(keys("ann@sealed.test", "recovery").empty());
    BOOST_TEST(serve("PUT", "/v1/recovery/Sealed.test", root, "rescue").status == 201U);
    BOOST_TEST(saw_any_user_id);
    BOOST_TEST(keys("ann@sealed.test") == keys_of({"one"}));
    BOOST_TEST(keys("ann@sealed.test", "recovery") == keys_of({"rescue"}));
    // Mail that is encrypted to it alone is not "already encrypted to this recipient".
    BOOST_TEST(keys("ann@sealed.test", "recognise") == keys_of({"one"}));
    add("bob@other.test", "two");
    BOOST_TEST(keys("bob@other.test", "recovery").empty());
}

BOOST_AUTO_TEST_CASE(nobody_is_sealed_to_the_recovery_key_alone) {
    serve("PUT", "/v1/recovery/sealed.test", root, "rescue");
    BOOST_TEST(state("nobody@sealed.test") == "no-key");
    BOOST_TEST(keys("nobody@sealed.test", "recovery").empty());
    add("ann@sealed.test", "one");
    serve("DELETE", "/v1/addresses/ann@sealed.test?keep_tombstone=yes");
    BOOST_TEST(state("ann@sealed.test") == "tombstone");
    BOOST_TEST(keys("ann@sealed.test", "recovery").empty());
}

BOOST_AUTO_TEST_CASE(owners_are_told_in_show_and_in_every_confirmation) {
    serve("PUT", "/v1/recovery/sealed.test", root, "rescue");
    const std::string rescue = to_hex(certificate("rescue").fingerprint);
    const auto told = [&rescue](const ApiReply& reply) {
        return json::parse(reply.body)["recovery"]["fingerprint"] == rescue;
    };
    BOOST_TEST(told(add("daemon@sealed.test", "mine", daemon)));
    BOOST_TEST(told(add("daemon@sealed.test", "mine", daemon)));
    BOOST_TEST(told(serve("GET", "/v1/addresses/daemon@sealed.test", daemon)));
    BOOST_TEST(told(alias("all@sealed.test", {"daemon@sealed.test"})));
    BOOST_TEST(json::parse(serve("GET", "/v1/recovery/sealed.test", stranger).body)["state"] ==
               "sealable");
    serve("DELETE", "/v1/recovery/sealed.test");
    BOOST_TEST(
        json::parse(serve("GET", "/v1/addresses/daemon@sealed.test", daemon).body)["recovery"]
            .is_null());
    BOOST_TEST(serve("GET", "/v1/recovery/sealed.test", stranger).status == 404U);
}

BOOST_AUTO_TEST_CASE(aliases_are_sealed_to_their_own_and_their_targets_recovery_keys) {
    serve("PUT", "/v1/recovery/sealed.test", root, "here");
    serve("PUT", "/v1/recovery/other.test", root, "there");
    serve("PUT", "/v1/recovery/third.test", root, "third");
    add("ann@other.test", "one");
    alias("all@sealed.test", {"ann@other.test", "none@third.test"});
    BOOST_TEST(keys("all@sealed.test", "recovery") == keys_of({"here", "there"}));
    BOOST_TEST(keys("all@sealed.test", "recognise") == keys_of({"one"}));
    alias("all@sealed.test", {"none@third.test"});
    BOOST_TEST(keys("all@sealed.test", "recovery").empty());
}

BOOST_AUTO_TEST_CASE(a_recovery_key_is_logged_replaced_and_listed) {
    serve("PUT", "/v1/recovery/sealed.test", root, "first");
    BOOST_TEST(serve("PUT", "/v1/recovery/sealed.test", root, "first").status == 200U);
    serve("PUT", "/v1/recovery/sealed.test", root, "second");
    add("ann@sealed.test", "one");
    BOOST_TEST(keys("ann@sealed.test", "recovery") == keys_of({"second"}));
    const json listed = json::parse(serve("GET", "/v1/recovery").body);
    BOOST_REQUIRE(listed["recovery"].size() == 1U);
    BOOST_TEST(listed["recovery"][0]["domain"] == "sealed.test");
    const json addresses = json::parse(serve("GET", "/v1/addresses").body)["addresses"];
    BOOST_REQUIRE(addresses.size() == 1U);
    BOOST_TEST(addresses[0]["address"] == "ann@sealed.test");
    BOOST_TEST(serve("DELETE", "/v1/recovery/sealed.test").status == 200U);
    BOOST_TEST(serve("DELETE", "/v1/recovery/sealed.test").status == 404U);
    const json rows =
        json::parse(serve("GET", "/v1/log?address=recovery:sealed.test").body)["changes"];
    BOOST_REQUIRE(rows.size() == 3U);
    BOOST_TEST(rows[0]["action"] == "recovery");
    BOOST_TEST(rows[1]["keys"] == to_hex(encryption_key("second").fingerprint));
    BOOST_TEST(rows[2]["action"] == "release");
}

BOOST_AUTO_TEST_CASE(useless_recovery_certificates_are_refused) {
    for (const char* body : {"bad", "old:900", "revoked"})
        BOOST_TEST(serve("PUT", "/v1/recovery/sealed.test", root, body).status == 422U, body);
    BOOST_TEST(serve("PUT", "/v1/recovery/sealed.test", root, "broken").status == 503U);
    BOOST_TEST(store->stamp().value().revision == 0);
}

BOOST_AUTO_TEST_CASE(an_expired_recovery_key_is_still_sealed_to) {
    serve("PUT", "/v1/recovery/sealed.test", root, "rescue:2000");
    add("ann@sealed.test", "one");
    now = 3000;
    BOOST_TEST(state("ann@sealed.test") == "sealable");
    BOOST_TEST(keys("ann@sealed.test", "recovery") == keys_of({"rescue"}));
}

BOOST_AUTO_TEST_SUITE_END()
