#include "keyd/certificate.hpp"

#include <initializer_list>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

constexpr std::int64_t now = 1'700'000'000;
constexpr std::int64_t past = now - 1000;
constexpr std::int64_t future = now + 1000;

/// A subkey whose fingerprint and packet are its number.
EncryptionSubkey subkey(std::uint8_t number, std::int64_t expires = 0, bool revoked = false) {
    EncryptionSubkey made;
    made.key.fingerprint = {number};
    made.key.packet = {number};
    made.key.expires = expires;
    made.revoked = revoked;
    return made;
}

Certificate certificate(std::initializer_list<EncryptionSubkey> subkeys, bool revoked = false) {
    Certificate made;
    made.encryption_keys = subkeys;
    made.revoked = revoked;
    return made;
}

struct Plan {
    KeyState state;
    std::vector<int> seal_to;
    std::vector<int> recognise;
};

Plan plan_of(const std::vector<Certificate>& certificates, bool all_subkeys = false,
             std::int64_t time = now) {
    const RecipientKeys keys = compile_plan(certificates, time, all_subkeys);
    Plan plan{keys.state, {}, {}};
    for (const EncryptionKey& key : keys.plan.seal_to) plan.seal_to.push_back(key.packet.at(0));
    for (const Fingerprint& fingerprint : keys.plan.recognise)
        plan.recognise.push_back(fingerprint[0]);
    return plan;
}

bool is(const Plan& plan, KeyState state, std::vector<int> seal_to) {
    return plan.state == state && plan.seal_to == seal_to;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_plan_compiler)

BOOST_AUTO_TEST_CASE(no_certificate_is_no_key) {
    BOOST_TEST(is(plan_of({}), KeyState::no_key, {}));
}

BOOST_AUTO_TEST_CASE(the_newest_usable_subkey_is_sealed_to) {
    BOOST_TEST(is(plan_of({certificate({subkey(1), subkey(2)})}), KeyState::sealable, {1}));
    BOOST_TEST(is(plan_of({certificate({subkey(1, past), subkey(2), subkey(3)})}),
                  KeyState::sealable, {2}));
    BOOST_TEST(is(plan_of({certificate({subkey(1, 0, true), subkey(2, future)})}),
                  KeyState::sealable, {2}));
}

BOOST_AUTO_TEST_CASE(or_all_usable_subkeys) {
    BOOST_TEST(is(
        plan_of({certificate({subkey(1), subkey(2, past), subkey(3), subkey(4, 0, true)})}, true),
        KeyState::sealable, {1, 3}));
}

BOOST_AUTO_TEST_CASE(every_unexpired_certificate_is_sealed_to) {
    BOOST_TEST(is(plan_of({certificate({subkey(1), subkey(2)}), certificate({subkey(3)}),
                           certificate({subkey(4, past)}), certificate({subkey(5)}, true)}),
                  KeyState::sealable, {1, 3}));
}

BOOST_AUTO_TEST_CASE(expired_ones_only_when_there_is_nothing_else) {
    BOOST_TEST(is(
        plan_of({certificate({subkey(1, past), subkey(2, past)}), certificate({subkey(3, past)})}),
        KeyState::expired, {1, 3}));
    BOOST_TEST(is(plan_of({certificate({subkey(1, past)}), certificate({subkey(2, 0, true)}),
                           certificate({subkey(3)}, true)}),
                  KeyState::expired, {1}));
}

BOOST_AUTO_TEST_CASE(a_key_expires_in_the_very_second) {
    const std::vector<Certificate> certificates{certificate({subkey(1, now)})};
    BOOST_TEST(is(plan_of(certificates, false, now - 1), KeyState::sealable, {1}));
    BOOST_TEST(is(plan_of(certificates, false, now), KeyState::expired, {1}));
}

BOOST_AUTO_TEST_CASE(revoked_keys_are_never_sealed_to) {
    BOOST_TEST(is(plan_of({certificate({subkey(1, 0, true), subkey(2, past, true)})}),
                  KeyState::revoked, {}));
    BOOST_TEST(is(plan_of({certificate({subkey(1)}, true)}), KeyState::revoked, {}));
    BOOST_TEST(is(plan_of({certificate({}, true)}), KeyState::revoked, {}));
}

BOOST_AUTO_TEST_CASE(every_encryption_subkey_is_recognised) {
    const Plan plan = plan_of({certificate({subkey(1), subkey(2, past), subkey(3, 0, true)}),
                               certificate({subkey(4)}, true)});
    BOOST_TEST((plan.recognise == std::vector<int>{1, 2, 3, 4}));
}

BOOST_AUTO_TEST_CASE(a_subkey_of_two_certificates_is_named_once) {
    const Plan plan = plan_of({certificate({subkey(1)}), certificate({subkey(1)})});
    BOOST_TEST(is(plan, KeyState::sealable, {1}));
}

BOOST_AUTO_TEST_SUITE_END()
