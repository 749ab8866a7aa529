#include "keyd/certificate_json.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;
using nlohmann::json;

BOOST_AUTO_TEST_SUITE(keyd_certificate_json)

BOOST_AUTO_TEST_CASE(a_certificate_comes_back_whole) {
    Certificate original = certificate("one", 5000);
    original.addresses = {address("one@sealed.test"), address("\"a b\"@x.test")};
    original.revoked = true;
    original.encryption_keys.push_back({encryption_key("second", 4000), true});
    original.encryption_keys[1].key.seipd2 = true;
    const auto read = read_certificate(write_certificate(original), original.binary);
    BOOST_REQUIRE(read);
    BOOST_TEST((read->fingerprint == original.fingerprint));
    BOOST_TEST((read->binary == original.binary));
    BOOST_TEST(read->user_ids == original.user_ids);
    BOOST_TEST((read->addresses == original.addresses));
    BOOST_TEST(read->created == 100);
    BOOST_TEST(read->expires == 5000);
    BOOST_TEST(read->revoked);
    BOOST_REQUIRE(read->encryption_keys.size() == 2U);
    BOOST_TEST((read->encryption_keys[1].key.packet == encryption_key("second").packet));
    BOOST_TEST(read->encryption_keys[1].key.expires == 4000);
    BOOST_TEST(read->encryption_keys[1].key.seipd2);
    BOOST_TEST(read->encryption_keys[1].revoked);
    BOOST_TEST(!read->encryption_keys[0].revoked);
}

BOOST_AUTO_TEST_CASE(user_ids_in_latin_1_are_stored_readably) {
    Certificate original = certificate("one");
    original.user_ids = {"Z\xfcrich <z@sealed.test>"};
    const auto read = read_certificate(write_certificate(original), original.binary);
    BOOST_REQUIRE(read);
    BOOST_TEST(read->user_ids[0] == "Z\xef\xbf\xbdrich <z@sealed.test>");
}

BOOST_AUTO_TEST_CASE(damage_is_noticed) {
    const std::string good = write_certificate(certificate("one"));
    BOOST_TEST(!read_certificate("", {}));
    BOOST_TEST(!read_certificate(good.substr(1), {}));
    const json object = json::parse(good);
    for (const auto& [name, value] : object.items()) {
        json without = object;
        without.erase(name);
        BOOST_TEST(!read_certificate(without.dump(), {}), name);
        json wrong = object;
        wrong[name] = nullptr;
        BOOST_TEST(!read_certificate(wrong.dump(), {}), name);
    }
}

BOOST_AUTO_TEST_SUITE_END()
