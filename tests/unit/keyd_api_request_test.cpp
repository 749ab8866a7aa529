#include "keyd/api_request.hpp"

#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

ApiRequest request(std::string_view method, std::string_view target) {
    auto parsed = parse_request(method, target);
    if (const auto* reply = std::get_if<ApiReply>(&parsed)) BOOST_FAIL(reply->body);
    return std::get<ApiRequest>(std::move(parsed));
}

unsigned refusal(std::string_view method, std::string_view target) {
    const auto parsed = parse_request(method, target);
    const auto* reply = std::get_if<ApiReply>(&parsed);
    return reply == nullptr ? 0 : reply->status;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_api_request)

BOOST_AUTO_TEST_CASE(every_endpoint_is_found) {
    const std::string hex(40, 'A');
    BOOST_TEST((request("GET", "/v1/health").action == Action::health));
    BOOST_TEST((request("GET", "/v1/lookup/a@b.test").action == Action::lookup));
    BOOST_TEST((request("POST", "/v1/check").action == Action::check));
    BOOST_TEST((request("GET", "/v1/addresses").action == Action::list));
    BOOST_TEST((request("GET", "/v1/addresses/a@b.test").action == Action::show));
    BOOST_TEST((request("DELETE", "/v1/addresses/a@b.test").action == Action::remove));
    BOOST_TEST((request("GET", "/v1/addresses/a@b.test/certificates").action ==
                Action::export_certificates));
    BOOST_TEST((request("POST", "/v1/addresses/a@b.test/certificates").action == Action::add));
    const auto one = request("DELETE", "/v1/addresses/a@b.test/certificates/" + hex);
    BOOST_TEST((one.action == Action::remove_certificate));
    BOOST_TEST(to_hex(one.certificate.value()) == hex);
    const auto lost = request("POST", "/v1/addresses/a@b.test/lost?key=" + hex);
    BOOST_TEST((lost.action == Action::lost_key));
    BOOST_TEST(to_hex(lost.certificate.value()) == hex);
    BOOST_TEST((request("PUT", "/v1/addresses/a@b.test/alias").action == Action::set_alias));
    BOOST_TEST((request("DELETE", "/v1/addresses/a@b.test/alias").action == Action::remove_alias));
    BOOST_TEST((request("GET", "/v1/aliases").action == Action::list_aliases));
    BOOST_TEST((request("PUT", "/v1/recovery/b.test").action == Action::set_recovery));
    BOOST_TEST(request("PUT", "/v1/recovery/B.test").name->text() == "recovery:b.test");
    BOOST_TEST((request("GET", "/v1/recovery/b.test").action == Action::show_recovery));
    BOOST_TEST((request("DELETE", "/v1/recovery/b.test").action == Action::remove_recovery));
    BOOST_TEST((request("GET", "/v1/recovery").action == Action::list_recovery));
    BOOST_TEST((request("GET", "/v1/log").action == Action::log));
    BOOST_TEST((request("POST", "/v1/log/verify").action == Action::verify_log));
    BOOST_TEST((request("POST", "/v1/backup").action == Action::begin_backup));
    BOOST_TEST((request("POST", "/v1/restore").action == Action::restore));
    BOOST_TEST((request("GET", "/v1/backup/x/entries?after=a%40b.test").after == "a@b.test"));
    BOOST_TEST((request("GET", "/v1/backup/x/log?after=7").after_sequence == 7));
    BOOST_TEST((request("GET", "/v1/backup/x/log").token == "x"));
}

/// Remembered answers are recalled after these, and after no others (keyd/API, LEASES).
BOOST_AUTO_TEST_CASE(it_is_known_of_every_endpoint_whether_it_may_change_keys) {
    struct Endpoint {
        const char* method;
        std::string target;
        bool changes;
    };
    const std::string entry = "/v1/addresses/a@b.test";
    const std::string domain = "/v1/addresses/@b.test";
    const std::string one = "/certificates/" + std::string(40, 'A');
    const std::vector<Endpoint> endpoints{
        {"GET", "/v1/health", false},
        {"GET", "/v1/lookup/a@b.test", false},
        {"POST", "/v1/check", false},
        {"POST", "/v1/check?address=a@b.test", false},
        {"GET", "/v1/addresses", false},
        {"GET", entry, false},
        {"DELETE", entry, true},
        {"DELETE", entry + "?keep_tombstone=yes", true},
        {"DELETE", domain, true},
        {"GET", entry + "/certificates", false},
        {"POST", entry + "/certificates", true},
        {"POST", entry + "/certificates?any_user_id=yes", true},
        {"POST", domain + "/certificates", true},
        {"DELETE", entry + one, true},
        {"DELETE", domain + one, true},
        {"POST", entry + "/lost", true},
        {"POST", domain + "/lost", true},
        {"PUT", entry + "/alias", true},
        {"DELETE", entry + "/alias", true},
        {"GET", "/v1/aliases", false},
        {"GET", "/v1/recovery", false},
        {"GET", "/v1/recovery/b.test", false},
        {"PUT", "/v1/recovery/b.test", true},
        {"DELETE", "/v1/recovery/b.test", true},
        {"GET", "/v1/log", false},
        {"DELETE", "/v1/log?address=a@b.test", false},
        {"POST", "/v1/log/verify", false},
        {"POST", "/v1/backup", false},
        {"GET", "/v1/backup/x/entries", false},
        {"GET", "/v1/backup/x/log", false},
        {"POST", "/v1/restore", true},
        {"POST", "/v1/clear/a@b.test?state=no-key", false},
        {"GET", "/metrics", false},
    };
    std::set<Action> seen;
    for (const auto& [method, target, changes] : endpoints) {
        const Action action = request(method, target).action;
        seen.insert(action);
        BOOST_TEST(may_change_keys(action) == changes, method << ' ' << target);
    }
    BOOST_TEST(seen.size() == static_cast<std::size_t>(Action::restore) + 1);  // it is the last
}

BOOST_AUTO_TEST_CASE(what_concerns_a_whole_domain_is_the_administrators) {
    const auto all = request("GET", "/v1/addresses/@B.test");
    BOOST_TEST(all.name->text() == "@b.test");
    BOOST_TEST(!all.address);
    BOOST_TEST((role_for(all) == Role::administrator));
    BOOST_TEST(
        (role_for(request("POST", "/v1/addresses/%40b.test/certificates")) == Role::administrator));
    BOOST_TEST((role_for(request("GET", "/v1/addresses/a@b.test")) == Role::owner));
    BOOST_TEST((role_for(request("PUT", "/v1/addresses/a@b.test/alias")) == Role::administrator));
    BOOST_TEST((role_for(request("PUT", "/v1/recovery/b.test")) == Role::administrator));
    BOOST_TEST((role_for(request("GET", "/v1/recovery/b.test")) == Role::everyone));
    BOOST_TEST(request("GET", "/v1/log?address=recovery:b.test").name->text() == "recovery:b.test");
    BOOST_TEST(refusal("GET", "/v1/addresses/recovery:b.test") == 400U);
    BOOST_TEST(refusal("PUT", "/v1/addresses/@b.test/alias") == 400U);
    BOOST_TEST(refusal("PUT", "/v1/recovery/a@b.test") == 400U);
    BOOST_TEST(refusal("GET", "/v1/lookup/@b.test") == 400U);
    BOOST_TEST(refusal("GET", "/v1/addresses/a@b.test/alias") == 405U);
    BOOST_TEST(refusal("POST", "/v1/addresses/a@b.test/lost?key=12") == 400U);
}

BOOST_AUTO_TEST_CASE(addresses_are_decoded_and_canonical) {
    BOOST_TEST(request("GET", "/v1/lookup/Ann%40SEALED.test").address->text() == "ann@sealed.test");
    BOOST_TEST(request("GET", "/v1/lookup/%22a%2fb%20c%22%40x.test").address->text() ==
               "\"a/b c\"@x.test");
    for (const char* target :
         {"/v1/lookup/", "/v1/lookup/ann", "/v1/lookup/a%@b.test", "/v1/lookup/%ff@b.test",
          "/v1/lookup/a@b.test%00", "/v1/addresses/", "/v1/addresses/a@b@c.test"})
        BOOST_TEST(refusal("GET", target) == 400U, target);
}

BOOST_AUTO_TEST_CASE(a_name_is_taken_as_the_list_has_it_however_long) {
    std::string long_name;
    for (int i = 0; i < 31; ++i) long_name += "%E2%B1%A5";  // 3 octets, and 2 in upper case
    BOOST_TEST(request("GET", "/v1/addresses/" + long_name + "@x.test").name->text().size() ==
               100U);
    std::string as_sent;
    for (int i = 0; i < 31; ++i) as_sent += "%C8%BA";
    BOOST_TEST((request("GET", "/v1/addresses/" + as_sent + "@x.test").name ==
                request("GET", "/v1/addresses/" + long_name + "@x.test").name));
    // No mail is sent to it.
    BOOST_TEST(refusal("GET", "/v1/lookup/" + long_name + "@x.test") == 400U);
    BOOST_TEST(refusal("GET", "/v1/addresses/" + std::string(65, 'a') + "@x.test") == 400U);
}

BOOST_AUTO_TEST_CASE(unknown_paths_and_methods_are_refused) {
    for (const char* target : {"", "/", "/v1", "/v1/", "/v2/health", "v1/health", "/v1/healthy",
                               "/v1/lookup/a@b.test/x", "/v1/addresses/a@b.test/keys",
                               "/v1/addresses/a@b.test/certificates/x/y", "/v1/log/x", "*"})
        BOOST_TEST(refusal("GET", target) == 404U, target);
    BOOST_TEST(refusal("POST", "/v1/lookup/a@b.test") == 405U);
    BOOST_TEST(refusal("HEAD", "/v1/health") == 405U);
    BOOST_TEST(refusal("", "/v1/health") == 405U);
    BOOST_TEST(refusal("PUT", "/v1/addresses/a@b.test") == 405U);
    BOOST_TEST(refusal("GET", "/v1/log/verify") == 405U);
    BOOST_TEST(refusal("GET", "/v1/backup") == 405U);
    BOOST_TEST(refusal("POST", "/v1/backup/x/log") == 405U);
    BOOST_TEST(refusal("GET", "/v1/backup/x/rows") == 404U);
    BOOST_TEST(refusal("DELETE", "/v1/addresses/a@b.test/certificates/123") == 400U);
}

BOOST_AUTO_TEST_CASE(parameters_are_known_and_whole) {
    BOOST_TEST(request("POST", "/v1/check?any_user_id=yes").any_user_id);
    BOOST_TEST(request("POST", "/v1/check?address=a%40b.test").address->text() == "a@b.test");
    BOOST_TEST(request("DELETE", "/v1/addresses/a@b.test?keep_tombstone=yes").keep_tombstone);
    const auto page = request("GET", "/v1/addresses?limit=1000&after=a%40b.test");
    BOOST_TEST(page.limit == largest_page);
    BOOST_TEST(page.after == "a@b.test");
    BOOST_TEST(request("GET", "/v1/log?after=7&limit=1").after_sequence == 7);
    for (const char* target :
         {"/v1/addresses?limit=0", "/v1/addresses?limit=1001", "/v1/addresses?limit=1x",
          "/v1/addresses?limit=", "/v1/addresses?limit=-1", "/v1/addresses?x=1",
          "/v1/addresses?after=%ff", "/v1/log?after=-1", "/v1/log?after=99999999999999999999",
          "/v1/lookup/a@b.test?any_user_id=yes", "/v1/health?x", "/v1/log?address=x"})
        BOOST_TEST(refusal("GET", target) == 400U, target);
    BOOST_TEST(refusal("POST", "/v1/check?any_user_id=1") == 400U);
}

BOOST_AUTO_TEST_CASE(roles_are_as_documented) {
    for (const Action action : {Action::health, Action::lookup, Action::check})
        BOOST_TEST((role_for(action) == Role::everyone));
    for (const Action action : {Action::show, Action::export_certificates, Action::add,
                                Action::remove, Action::remove_certificate})
        BOOST_TEST((role_for(action) == Role::owner));
    for (const Action action : {Action::list, Action::log, Action::verify_log})
        BOOST_TEST((role_for(action) == Role::administrator));
}

BOOST_AUTO_TEST_SUITE_END()
