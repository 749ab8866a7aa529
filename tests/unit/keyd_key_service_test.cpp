#include "tests/unit/support/service_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;
using nlohmann::json;

BOOST_FIXTURE_TEST_SUITE(keyd_key_service, ServiceFixture)

BOOST_AUTO_TEST_CASE(adding_makes_an_address_sealable) {
    BOOST_TEST(state("ann@sealed.test") == "no-key");
    const auto reply = add("Ann@sealed.test", "one");
    BOOST_TEST(reply.status == 201U);
    const json added = json::parse(reply.body);
    BOOST_TEST(added["address"] == "ann@sealed.test");
    BOOST_TEST(added["fingerprint"] == to_hex(certificate("one").fingerprint));
    BOOST_TEST(added["state"] == "sealable");
    BOOST_TEST(state("ANN@sealed.test") == "sealable");
}

BOOST_AUTO_TEST_CASE(the_same_certificate_again_changes_nothing) {
    BOOST_TEST(add("ann@sealed.test", "one").status == 201U);
    BOOST_TEST(add("ann@sealed.test", "one").status == 200U);
    BOOST_TEST(saw_stored == 1U);
    BOOST_TEST(store->stamp().value().revision == 1);
}

BOOST_AUTO_TEST_CASE(a_newer_form_of_a_certificate_takes_the_place_of_the_old) {
    BOOST_TEST(add("ann@sealed.test", "one:5000").status == 201U);
    BOOST_TEST(add("ann@sealed.test", "one:9000").status == 200U);
    const auto binding = store->binding(address("ann@sealed.test")).value();
    BOOST_REQUIRE(binding.certificates.size() == 1U);
    BOOST_TEST(binding.certificates[0].expires == 9000);
    // Even when it revokes or expires the key: that is what the update says.
    BOOST_TEST(add("ann@sealed.test", "one:900").status == 200U);
    BOOST_TEST(state("ann@sealed.test") == "expired");
}

BOOST_AUTO_TEST_CASE(useless_and_refused_certificates_change_nothing) {
    for (const char* body : {"bad", "one:1000", "revoked"}) {
        const auto reply = add("ann@sealed.test", body);
        BOOST_TEST(reply.status == 422U, body);
        BOOST_TEST(code(reply) == "certificate_refused");
    }
    BOOST_TEST(add("ann@sealed.test", "broken").status == 503U);
    BOOST_TEST(state("ann@sealed.test") == "no-key");
    BOOST_TEST(store->stamp().value().revision == 0);
}

BOOST_AUTO_TEST_CASE(an_address_has_a_limited_number_of_certificates) {
    for (std::size_t i = 0; i < max_certificates; ++i)
        BOOST_TEST(add("ann@sealed.test", "device" + std::to_string(i)).status == 201U);
    const auto reply = add("ann@sealed.test", "one-more");
    BOOST_TEST(reply.status == 409U);
    BOOST_TEST(code(reply) == "too_many_certificates");
    BOOST_TEST(add("ann@sealed.test", "device0:5000").status == 200U);
}

BOOST_AUTO_TEST_CASE(check_changes_nothing) {
    const auto reply = serve("POST", "/v1/check", stranger, "one");
    BOOST_TEST(reply.status == 200U);
    BOOST_TEST(saw_any_user_id);
    BOOST_TEST(serve("POST", "/v1/check?address=ann@sealed.test", stranger, "one").status == 200U);
    BOOST_TEST(!saw_any_user_id);
    BOOST_TEST(serve("POST", "/v1/check", stranger, "one:900").status == 422U);
    BOOST_TEST(store->stamp().value().revision == 0);
}

BOOST_AUTO_TEST_CASE(an_administrators_remove_releases_the_address) {
    add("ann@sealed.test", "one");
    const auto reply = serve("DELETE", "/v1/addresses/ann@sealed.test");
    BOOST_TEST(json::parse(reply.body)["state"] == "no-key");
    BOOST_TEST(state("ann@sealed.test") == "no-key");
    BOOST_TEST(serve("DELETE", "/v1/addresses/ann@sealed.test").status == 404U);
    const auto log_rows = store->log(0, 10, std::nullopt).value();
    BOOST_REQUIRE(log_rows.size() == 2U);
    BOOST_TEST(log_rows[1].action == "release");
}

BOOST_AUTO_TEST_CASE(a_tombstone_is_kept_on_request) {
    add("ann@sealed.test", "one");
    BOOST_TEST(serve("DELETE", "/v1/addresses/ann@sealed.test?keep_tombstone=yes").status == 200U);
    BOOST_TEST(state("ann@sealed.test") == "tombstone");
    add("ann@sealed.test", "new");
    BOOST_TEST(state("ann@sealed.test") == "sealable");
    const json answer =
        json::parse(service.answer(request("GET", "/v1/lookup/ann@sealed.test"), *reader).body);
    BOOST_TEST(answer["recognise"].size() == 2U);
}

BOOST_AUTO_TEST_CASE(removing_the_last_certificate_leaves_a_tombstone) {
    add("ann@sealed.test", "one");
    add("ann@sealed.test", "two");
    const std::string path = "/v1/addresses/ann@sealed.test/certificates/";
    BOOST_TEST(serve("DELETE", path + to_hex(certificate("one").fingerprint)).status == 200U);
    BOOST_TEST(state("ann@sealed.test") == "sealable");
    BOOST_TEST(serve("DELETE", path + to_hex(certificate("one").fingerprint)).status == 404U);
    BOOST_TEST(serve("DELETE", path + to_hex(certificate("two").fingerprint)).status == 200U);
    BOOST_TEST(state("ann@sealed.test") == "tombstone");
}

BOOST_AUTO_TEST_CASE(owners_manage_what_is_theirs) {
    BOOST_TEST(add("daemon@sealed.test", "mine:5000", daemon).status == 201U);
    BOOST_TEST(add("daemon@sealed.test", "mine:9000", daemon).status == 200U);
    BOOST_TEST(serve("GET", "/v1/addresses/daemon@sealed.test", daemon).status == 200U);
    BOOST_TEST(store->log(0, 1, std::nullopt).value()[0].channel ==
               "user:" + std::to_string(daemon.uid));
}

BOOST_AUTO_TEST_CASE(owners_cannot_exchange_their_key_alone) {
    add("daemon@sealed.test", "mine", daemon);
    BOOST_TEST(code(add("daemon@sealed.test", "stolen", daemon)) == "not_permitted");
    // Nor by way of a removal: their own leaves a tombstone, which only an administrator releases.
    BOOST_TEST(serve("DELETE", "/v1/addresses/daemon@sealed.test", daemon).status == 200U);
    BOOST_TEST(state("daemon@sealed.test") == "tombstone");
    BOOST_TEST(add("daemon@sealed.test", "stolen", daemon).status == 403U);
    BOOST_TEST(serve("DELETE", "/v1/addresses/daemon@sealed.test", root).status == 200U);
    BOOST_TEST(add("daemon@sealed.test", "new", daemon).status == 201U);
}

BOOST_AUTO_TEST_CASE(any_user_id_is_for_administrators) {
    const std::string target = "/v1/addresses/daemon@sealed.test/certificates?any_user_id=yes";
    BOOST_TEST(serve("POST", target, daemon, "one").status == 403U);
    BOOST_TEST(serve("POST", target, root, "one").status == 201U);
    BOOST_TEST(saw_any_user_id);
}

BOOST_AUTO_TEST_CASE(each_role_has_its_endpoints) {
    add("daemon@sealed.test", "one");
    const std::string one = "/v1/addresses/daemon@sealed.test";
    struct Case {
        std::string method, target;
        bool owner, everyone;
    };
    const std::vector<Case> cases{
        {"GET", one, true, false},
        {"GET", one + "/certificates", true, false},
        {"POST", one + "/certificates", true, false},
        {"DELETE", one + "/certificates/" + std::string(40, '0'), true, false},
        {"DELETE", one, true, false},
        {"POST", one + "/lost", true, false},
        {"PUT", one + "/alias", false, false},
        {"DELETE", one + "/alias", false, false},
        {"GET", "/v1/addresses/@sealed.test", false, false},
        {"POST", "/v1/addresses/@sealed.test/certificates", false, false},
        {"GET", "/v1/aliases", false, false},
        {"GET", "/v1/recovery", false, false},
        {"PUT", "/v1/recovery/sealed.test", false, false},
        {"DELETE", "/v1/recovery/sealed.test", false, false},
        {"GET", "/v1/recovery/sealed.test", true, true},
        {"GET", "/v1/addresses", false, false},
        {"GET", "/v1/log", false, false},
        {"POST", "/v1/log/verify", false, false},
        {"POST", "/v1/check", true, true},
    };
    for (const auto& one_case : cases) {
        const auto what = one_case.method + " " + one_case.target;
        const auto denied = [&](const Caller& caller) {
            return serve(one_case.method, one_case.target, caller, "one").status == 403U;
        };
        BOOST_TEST(denied(stranger) != one_case.everyone, what);
        BOOST_TEST(denied(daemon) != one_case.owner, what);
        BOOST_TEST(!denied(root), what);
        BOOST_TEST(!denied({54321, true}), what);
    }
}

BOOST_AUTO_TEST_CASE(administrators_endpoints_are_refused_before_any_body) {
    BOOST_TEST(service.refuse_early(request("GET", "/v1/addresses"), stranger).has_value());
    BOOST_TEST(!service.refuse_early(request("GET", "/v1/addresses"), root).has_value());
    BOOST_TEST(!service.refuse_early(request("GET", "/v1/lookup/a@b.test"), stranger).has_value());
}

BOOST_AUTO_TEST_CASE(the_clock_is_looked_at_in_every_lookup) {
    add("ann@sealed.test", "one:5000");
    now = 4999;
    BOOST_TEST(state("ann@sealed.test") == "sealable");
    now = 5000;
    BOOST_TEST(state("ann@sealed.test") == "expired");
    BOOST_TEST(
        (service.state_of(address("ann@sealed.test"), *reader).value() == KeyState::expired));
    const json list = json::parse(serve("GET", "/v1/addresses").body);
    BOOST_TEST(list["addresses"][0]["state"] == "expired");
    service.refresh_stale(10);
    BOOST_TEST(store->stale(5000, 10).value().empty());
    BOOST_TEST(state("ann@sealed.test") == "expired");
    BOOST_TEST(store->stamp().value().revision == 1);
}

BOOST_AUTO_TEST_CASE(two_changes_at_a_time_are_both_kept) {
    // While gpg looks at the first certificate, another one arrives.
    int calls = 0;
    meanwhile = [this, &calls] {
        if (++calls > 1) return;
        const Change other = binding_change(address("ann@sealed.test"), 0, {certificate("other")});
        BOOST_REQUIRE((store->apply({&other, 1}).value() == Applied::done));
    };
    BOOST_TEST(add("ann@sealed.test", "one").status == 201U);
    BOOST_TEST(calls == 2);
    BOOST_TEST(store->binding(address("ann@sealed.test")).value().certificates.size() == 2U);
}

BOOST_AUTO_TEST_CASE(somebody_who_changes_it_all_the_time_is_a_conflict) {
    int calls = 0;
    meanwhile = [this, &calls] {
        const auto who = address("ann@sealed.test");
        const Change other = binding_change(who, store->binding(who).value().version,
                                            {certificate("other", 5000 + ++calls)});
        BOOST_REQUIRE((store->apply({&other, 1}).value() == Applied::done));
    };
    const auto reply = add("ann@sealed.test", "one");
    BOOST_TEST(reply.status == 409U);
    BOOST_TEST(code(reply) == "conflict");
}

BOOST_AUTO_TEST_CASE(unknown_addresses_are_404_with_advice) {
    const auto reply = serve("GET", "/v1/addresses/ann@sealed.test");
    BOOST_TEST(reply.status == 404U);
    BOOST_TEST((reply.body.find("keyd-cli add") != std::string::npos));
    BOOST_TEST(serve("GET", "/v1/addresses/ann@sealed.test/certificates").status == 404U);
}

BOOST_AUTO_TEST_CASE(lists_and_logs_come_in_pages) {
    for (const char* who : {"a@sealed.test", "b@sealed.test", "c@sealed.test"}) add(who, who);
    json page = json::parse(serve("GET", "/v1/addresses?limit=2").body);
    BOOST_TEST(page["addresses"].size() == 2U);
    BOOST_TEST(page["next"] == "b@sealed.test");
    page = json::parse(serve("GET", "/v1/addresses?limit=2&after=b%40sealed.test").body);
    BOOST_TEST(page["addresses"].size() == 1U);
    BOOST_TEST(page["next"].is_null());
    page = json::parse(serve("GET", "/v1/log?limit=2").body);
    BOOST_TEST(page["next"] == 2);
    page = json::parse(serve("GET", "/v1/log?address=c%40sealed.test").body);
    BOOST_REQUIRE(page["changes"].size() == 1U);
    BOOST_TEST(page["changes"][0]["sequence"] == 3);
}

BOOST_AUTO_TEST_SUITE_END()
