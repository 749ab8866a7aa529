#include "keyd/answer.hpp"
#include "keyd/encoding.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;
using nlohmann::json;

namespace {

const Address ann = address("ann@sealed.test");

json good() {
    const EncryptionKey key = encryption_key("one");
    return {{"store", {{"id", std::string(32, 'a')}, {"revision", 5}}},
            {"log", {{"sequence", 3}, {"head", std::string(64, 'b')}}},
            {"address", "ann@sealed.test"},
            {"state", "sealable"},
            {"seal_to",
             {{{"fingerprint", to_hex(key.fingerprint)},
               {"created", 100},
               {"expires", 0},
               {"seipd2", false},
               {"packet", base64_text(key.packet)}}}},
            {"recognise", {to_hex(key.fingerprint)}},
            {"recovery", json::array()}};
}

json recovery_key() {
    json key = good()["seal_to"][0];
    key["fingerprint"] = to_hex(encryption_key("recovery").fingerprint);
    key["packet"] = base64_text(encryption_key("recovery").packet);
    return key;
}

bool accepts(const json& object) {
    const auto answer = read_answer(object.dump(), ann);
    if (!answer) BOOST_TEST((answer.error().fate == Fate::retry));
    return bool(answer);
}

/// Whether it is refused once this is put at that place.
bool refuses(const std::string& pointer, const json& value) {
    json object = good();
    object[json::json_pointer{pointer}] = value;
    return !accepts(object);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_answer)

BOOST_AUTO_TEST_CASE(a_good_answer_is_taken_whatever_else_it_says) {
    BOOST_TEST(accepts(good()));
    json object = good();
    object["from_a_newer_keyd"] = {1, 2};
    BOOST_TEST(accepts(object));
}

BOOST_AUTO_TEST_CASE(every_member_must_be_there) {
    const json flat = good().flatten();
    for (const auto& [pointer, value] : flat.items()) {
        json object = good();
        const json::json_pointer at{pointer};
        if (object[at.parent_pointer()].is_array()) continue;
        object[at.parent_pointer()].erase(at.back());
        BOOST_TEST(!accepts(object), pointer);
    }
}

BOOST_AUTO_TEST_CASE(wrong_types_sizes_and_digits_are_refused) {
    const json flat = good().flatten();
    for (const auto& [pointer, value] : flat.items())
        for (const json& wrong : {json(nullptr), json(-1), json(1.5), json(json::array({1})),
                                  json(json::object()), json(18446744073709551615ULL), json("x")})
            BOOST_TEST(refuses(pointer, wrong), pointer + " " + wrong.dump());
    BOOST_TEST(refuses("/store/id", std::string(32, 'A')));
    BOOST_TEST(refuses("/store/id", std::string(31, 'a')));
    BOOST_TEST(refuses("/log/head", std::string(65, 'b')));
    BOOST_TEST(refuses("/seal_to/0/packet", ""));
    BOOST_TEST(refuses("/seal_to/0/fingerprint", std::string(39, '0')));
}

BOOST_AUTO_TEST_CASE(another_address_is_no_answer) {
    BOOST_TEST(refuses("/address", "bob@sealed.test"));
    BOOST_TEST(refuses("/address", "ann@sealed.test."));
}

BOOST_AUTO_TEST_CASE(a_packet_must_have_the_fingerprint_it_is_announced_with) {
    BOOST_TEST(refuses("/seal_to/0/packet", base64_text(encryption_key("two").packet)));
    BOOST_TEST(refuses("/seal_to/0/fingerprint", to_hex(encryption_key("two").fingerprint)));
    const OctetString long_packet(8384, 4);
    BOOST_TEST(refuses("/seal_to/0/packet", base64_text(long_packet)));
}

BOOST_AUTO_TEST_CASE(state_and_keys_must_fit_together) {
    for (const char* state : {"no-key", "tombstone", "revoked"})
        BOOST_TEST(refuses("/state", state));
    BOOST_TEST(!refuses("/state", "expired"));
    BOOST_TEST(refuses("/seal_to", json::array()));
    BOOST_TEST(refuses("/recognise", json::array()));
    json none = good();
    none["state"] = "no-key";
    none["seal_to"] = json::array();
    none["recognise"] = json::array();
    BOOST_TEST(accepts(none));
}

BOOST_AUTO_TEST_CASE(recovery_keys_are_sealed_to_and_not_recognised) {
    json object = good();
    object["recovery"] = {recovery_key()};
    const auto plan = read_answer(object.dump(), ann).value().keys.plan;
    BOOST_REQUIRE(plan.seal_to.size() == 2U);
    BOOST_TEST((plan.seal_to[1].packet == encryption_key("recovery").packet));
    BOOST_REQUIRE(plan.recognise.size() == 1U);
    BOOST_TEST((plan.recognise[0] == encryption_key("one").fingerprint));
    object["recovery"] = object["seal_to"];  // the administrator's own key
    BOOST_TEST(read_answer(object.dump(), ann).value().keys.plan.seal_to.size() == 1U);
}

BOOST_AUTO_TEST_CASE(recovery_keys_alone_are_never_sealed_to) {
    json object = good();
    object["recovery"] = {recovery_key()};
    for (const char* state : {"no-key", "tombstone", "revoked"}) {
        object["state"] = state;
        object["seal_to"] = json::array();
        BOOST_TEST(!accepts(object), state);
    }
    object = good();
    object.erase("recovery");
    BOOST_TEST(!accepts(object));
    BOOST_TEST(refuses("/recovery", "none"));
    json damaged = recovery_key();
    damaged["fingerprint"] = std::string(40, 'A');
    BOOST_TEST(refuses("/recovery/0", damaged));
}

BOOST_AUTO_TEST_CASE(what_is_no_json_object_is_refused) {
    for (const std::string text : {"", "{", "null", "[]", "\"x\"", "\xff\xfe", "{}"})
        BOOST_TEST(!read_answer(text, ann), text);
    const std::string cut = good().dump();
    BOOST_TEST(!read_answer(cut.substr(0, cut.size() - 1), ann));
    BOOST_TEST(!read_answer(cut + "{}", ann));
    BOOST_TEST(!read_answer(std::string(100'000, '['), ann));
    BOOST_TEST(!read_answer(cut + std::string(max_answer, ' '), ann));
}

BOOST_AUTO_TEST_SUITE_END()
