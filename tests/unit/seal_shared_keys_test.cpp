#include "seal/shared_keys.hpp"

#include <boost/test/unit_test.hpp>

namespace maildircrypt {
namespace {

RecipientKeys recipient_with(std::vector<Fingerprint> fingerprints) {
    RecipientKeys recipient;
    recipient.plan.recognise = fingerprints;
    for (const auto& fingerprint : fingerprints) {
        EncryptionKey key;
        key.fingerprint = fingerprint;
        recipient.plan.seal_to.push_back(key);
    }
    return recipient;
}

BOOST_AUTO_TEST_SUITE(seal_shared_keys)

BOOST_AUTO_TEST_CASE(a_key_of_two_recipients_is_sealed_to_once) {
    const std::vector<RecipientKeys> recipients{recipient_with({{1}, {2}}),
                                                recipient_with({{2}, {3}})};
    const auto keys = keys_to_seal_to(recipients);
    BOOST_TEST_REQUIRE(keys.size() == 3u);
    for (std::uint8_t i = 0; i < 3; ++i) BOOST_TEST(keys[i].fingerprint[0] == i + 1);
}

BOOST_AUTO_TEST_CASE(each_recipient_keeps_the_own_keys_to_be_recognised_by) {
    const auto keys =
        recognised_keys(std::vector<RecipientKeys>{recipient_with({{1}}), recipient_with({{1}})});
    BOOST_TEST_REQUIRE(keys.size() == 2u);
    BOOST_TEST(keys[0].size() == 1u);
    BOOST_TEST(keys[1].size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace maildircrypt
