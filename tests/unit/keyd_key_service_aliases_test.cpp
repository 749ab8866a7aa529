#include "keyd/resolver.hpp"
#include "tests/unit/support/service_fixture.hpp"

#include <atomic>
#include <thread>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

std::vector<std::string> numbered(const std::string& stem, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i)
        names.push_back(stem + std::to_string(i) + "@sealed.test");
    return names;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keyd_key_service_aliases, ServiceFixture)

BOOST_AUTO_TEST_CASE(an_alias_stands_for_the_union_of_its_targets_keys) {
    add("ann@sealed.test", "one");
    add("bob@sealed.test", "two");
    add("bob@sealed.test", "shared");
    add("ann@sealed.test", "shared");
    const auto reply = alias("all@sealed.test", {"ann@sealed.test", "BOB@sealed.test"});
    BOOST_TEST(reply.status == 200U);
    BOOST_TEST(json::parse(reply.body)["state"] == "sealable");
    BOOST_TEST(look_up("ALL@sealed.test")["seal_to"].size() == 3U);
    BOOST_TEST(keys("all@sealed.test") == keys_of({"one", "two", "shared"}));
    BOOST_TEST(keys("all@sealed.test", "recognise") == keys_of({"one", "two", "shared"}));
    BOOST_TEST(store->log(4, 10, std::nullopt).value().at(0).action == "alias");
}

BOOST_AUTO_TEST_CASE(changes_of_a_target_reach_the_alias_at_once) {
    add("ann@sealed.test", "one");
    alias("all@sealed.test", {"ann@sealed.test", "bob@sealed.test"});
    alias("above@sealed.test", {"all@sealed.test"});
    for (const char* who : {"all@sealed.test", "above@sealed.test"})
        BOOST_TEST(keys(who) == keys_of({"one"}));
    add("bob@sealed.test", "two");
    for (const char* who : {"all@sealed.test", "above@sealed.test"})
        BOOST_TEST(keys(who) == keys_of({"one", "two"}));
    serve("POST", "/v1/addresses/ann@sealed.test/lost");
    for (const char* who : {"all@sealed.test", "above@sealed.test"})
        BOOST_TEST(keys(who) == keys_of({"two"}));
    BOOST_TEST(keys("all@sealed.test", "recognise") == keys_of({"one", "two"}));
    alias("all@sealed.test", {"ann@sealed.test"});
    BOOST_TEST(state("above@sealed.test") == "tombstone");
}

BOOST_AUTO_TEST_CASE(no_target_makes_the_others_mail_clear) {
    add("good@sealed.test", "good");
    add("old@sealed.test", "old:2000");
    now = 3000;
    add("gone@sealed.test", "gone");
    serve("DELETE", "/v1/addresses/gone@sealed.test?keep_tombstone=yes");
    struct Case {
        std::vector<std::string> targets;
        std::string state;
        std::vector<std::string> sealed_to;
    };
    const std::vector<Case> cases{
        {{"good@sealed.test", "gone@sealed.test"}, "sealable", {"good"}},
        {{"good@sealed.test", "none@sealed.test"}, "sealable", {"good"}},
        {{"good@sealed.test", "old@sealed.test"}, "sealable", {"good", "old"}},
        {{"old@sealed.test", "gone@sealed.test"}, "expired", {"old"}},
        {{"none@sealed.test", "gone@sealed.test"}, "tombstone", {}},
        {{"none@sealed.test", "never@sealed.test"}, "no-key", {}},
    };
    for (const auto& one : cases) {
        BOOST_TEST(alias("all@sealed.test", one.targets).status == 200U);
        BOOST_TEST(state("all@sealed.test") == one.state);
        BOOST_TEST(keys("all@sealed.test") == keys_of(one.sealed_to));
    }
}

BOOST_AUTO_TEST_CASE(targets_are_found_as_other_addresses_are) {
    add("ann@sealed.test", "one");
    add("@other.test", "domain");
    alias("all@sealed.test", {"ann+lists@sealed.test", "anybody@other.test"});
    BOOST_TEST(keys("all@sealed.test") == keys_of({"one", "domain"}));
    BOOST_TEST(keys("all+x@sealed.test") == keys_of({"one", "domain"}));
    add("ann+lists@sealed.test", "lists");
    BOOST_TEST(keys("all@sealed.test") == keys_of({"lists", "domain"}));
}

BOOST_AUTO_TEST_CASE(an_alias_has_a_limited_number_of_targets) {
    auto targets = numbered("t", max_alias_targets);
    BOOST_TEST(alias("all@sealed.test", targets).status == 200U);
    targets.push_back("T0@sealed.test");  // the same again
    BOOST_TEST(alias("all@sealed.test", targets).status == 200U);
    targets.push_back("one-more@sealed.test");
    const auto reply = alias("all@sealed.test", targets);
    BOOST_TEST(reply.status == 422U);
    BOOST_TEST(code(reply) == "alias_refused");
    BOOST_TEST(code(alias("all@sealed.test", {})) == "alias_refused");
    BOOST_TEST(code(alias("all@sealed.test", {"@sealed.test"})) == "alias_refused");
    for (const char* body : {"", "{}", "[]", R"({"targets":"a@b.test"})", R"({"targets":[1]})"})
        BOOST_TEST(serve("PUT", "/v1/addresses/all@sealed.test/alias", root, body).status == 422U);
    BOOST_TEST(store->stamp().value().revision == 1);
}

BOOST_AUTO_TEST_CASE(an_alias_leads_to_a_limited_number_of_addresses) {
    const std::size_t half = max_alias_addresses / 2;
    alias("left@sealed.test", numbered("l", half));
    alias("right@sealed.test", numbered("r", half));
    BOOST_TEST(alias("top@sealed.test", {"left@sealed.test", "right@sealed.test"}).status == 200U);
    BOOST_TEST(state("top@sealed.test") == "no-key");
    const auto reply =
        alias("top@sealed.test", {"left@sealed.test", "right@sealed.test", "ann@sealed.test"});
    BOOST_TEST(reply.status == 422U);
    // Nor may one that it leads to grow behind its back.
    alias("top@sealed.test", {"left@sealed.test", "right@sealed.test"});
    alias("middle@sealed.test", {"ann@sealed.test"});
    alias("left@sealed.test", numbered("l", half - 1));
    BOOST_TEST(
        alias("top@sealed.test", {"left@sealed.test", "right@sealed.test", "middle@sealed.test"})
            .status == 200U);
    const auto grown = alias("middle@sealed.test", {"ann@sealed.test", "bob@sealed.test"});
    BOOST_TEST(grown.status == 422U);
    BOOST_TEST((grown.body.find("top@sealed.test") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(aliases_of_aliases_are_limited_in_depth) {
    add("ann@sealed.test", "one");
    std::string below = "ann@sealed.test";
    for (std::size_t i = 1; i <= max_alias_depth; ++i) {
        const std::string who = "alias" + std::to_string(i) + "@sealed.test";
        BOOST_TEST(alias(who, {below}).status == 200U);
        BOOST_TEST(keys(who) == keys_of({"one"}));
        below = who;
    }
    BOOST_TEST(code(alias("too-deep@sealed.test", {below})) == "alias_refused");
    BOOST_TEST(code(alias("alias0@sealed.test", {"ann@sealed.test"})) == "");
    // From below, too.
    BOOST_TEST(code(alias("alias1@sealed.test", {"alias0@sealed.test"})) == "alias_refused");
    BOOST_TEST(keys(below) == keys_of({"one"}));
}

BOOST_AUTO_TEST_CASE(an_alias_does_not_lead_to_itself) {
    BOOST_TEST(code(alias("a@sealed.test", {"a@sealed.test"})) == "alias_refused");
    BOOST_TEST(code(alias("a@sealed.test", {"a+x@sealed.test"})) == "alias_refused");
    BOOST_TEST(alias("a@sealed.test", {"b@sealed.test"}).status == 200U);
    BOOST_TEST(alias("b@sealed.test", {"c@sealed.test"}).status == 200U);
    BOOST_TEST(code(alias("c@sealed.test", {"d@sealed.test", "a@sealed.test"})) == "alias_refused");
    // Two ways to the same address are no loop.
    BOOST_TEST(alias("d@sealed.test", {"b@sealed.test", "c@sealed.test"}).status == 200U);
}

BOOST_AUTO_TEST_CASE(a_loop_that_comes_about_by_a_release_is_deferred) {
    add("x+y@sealed.test", "one");
    BOOST_TEST(alias("a@sealed.test", {"x+y@sealed.test"}).status == 200U);
    BOOST_TEST(alias("x@sealed.test", {"a@sealed.test"}).status == 200U);
    BOOST_TEST(state("x@sealed.test") == "sealable");
    serve("DELETE", "/v1/addresses/x+y@sealed.test");
    BOOST_TEST(state("x@sealed.test") == "tombstone");
}

BOOST_AUTO_TEST_CASE(changes_at_the_same_time_make_no_loop) {
    for (int round = 0; round < 20; ++round) {
        const std::string one = "one" + std::to_string(round) + "@sealed.test";
        const std::string two = "two" + std::to_string(round) + "@sealed.test";
        std::atomic<int> done = 0;
        {
            const std::jthread other{[&] { done += alias(one, {two}).status == 200U; }};
            done += alias(two, {one}).status == 200U;
        }
        BOOST_TEST(done == 1);
    }
}

BOOST_AUTO_TEST_CASE(an_address_has_keys_or_is_an_alias) {
    add("ann@sealed.test", "one");
    BOOST_TEST(code(alias("ann@sealed.test", {"bob@sealed.test"})) == "alias_refused");
    serve("DELETE", "/v1/addresses/ann@sealed.test?keep_tombstone=yes");
    BOOST_TEST(alias("ann@sealed.test", {"bob@sealed.test"}).status == 200U);
    BOOST_TEST(code(add("ann@sealed.test", "new")) == "is_alias");
    BOOST_TEST(code(serve("POST", "/v1/addresses/ann@sealed.test/lost")) == "is_alias");
    alias("daemon@sealed.test", {"bob@sealed.test"});
    BOOST_TEST(add("daemon@sealed.test", "mine", daemon).status == 422U);
    BOOST_TEST(serve("DELETE", "/v1/addresses/daemon@sealed.test", daemon).status == 422U);
    BOOST_TEST(!store->binding(address("daemon@sealed.test")).value().targets.empty());
}

BOOST_AUTO_TEST_CASE(an_alias_that_ends_leaves_a_tombstone) {
    add("bob@sealed.test", "two");
    alias("all@sealed.test", {"bob@sealed.test"});
    const std::string path = "/v1/addresses/all@sealed.test";
    BOOST_TEST(json::parse(serve("DELETE", path + "/alias").body)["state"] == "tombstone");
    BOOST_TEST(state("all@sealed.test") == "tombstone");
    BOOST_TEST(serve("DELETE", path + "/alias").status == 404U);
    BOOST_TEST(json::parse(serve("DELETE", path).body)["state"] == "no-key");
    alias("all@sealed.test", {"bob@sealed.test"});
    BOOST_TEST(serve("DELETE", path + "?keep_tombstone=yes").status == 200U);
    BOOST_TEST(state("all@sealed.test") == "tombstone");
}

BOOST_AUTO_TEST_CASE(aliases_are_listed_and_shown_with_their_targets) {
    add("bob@sealed.test", "two");
    alias("all@sealed.test", {"bob@sealed.test"});
    const json listed = json::parse(serve("GET", "/v1/aliases").body);
    BOOST_REQUIRE(listed["aliases"].size() == 1U);
    BOOST_TEST(listed["aliases"][0]["address"] == "all@sealed.test");
    BOOST_TEST(listed["aliases"][0]["state"] == "sealable");
    BOOST_TEST(listed["aliases"][0]["targets"] == json::array({"bob@sealed.test"}));
    BOOST_TEST(listed["next"].is_null());
    const json first = json::parse(serve("GET", "/v1/addresses?limit=1").body);
    BOOST_TEST(first["addresses"][0]["state"] == "sealable");
    BOOST_TEST(first["next"] == "all@sealed.test");
    const json shown = json::parse(serve("GET", "/v1/addresses/all@sealed.test").body);
    BOOST_TEST(shown["state"] == "sealable");
    BOOST_TEST(shown["sealed_to"] == to_hex(encryption_key("two").fingerprint));
    BOOST_TEST(shown["targets"] == json::array({"bob@sealed.test"}));
}

BOOST_AUTO_TEST_SUITE_END()
