#include "keyd/certificate.hpp"
#include "keyd/transferable_key.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

TransferableKey key_with(const std::vector<SignedComponent>& user_ids,
                         const std::vector<OctetString>& signatures = {}) {
    TransferableKey key;
    key.primary = {{4, 1}, signatures};
    key.user_ids = user_ids;
    return key;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_transferable_key)

BOOST_AUTO_TEST_CASE(a_merge_is_a_union) {
    TransferableKey one = key_with({{{1}, {{10}}}, {{2}, {{20}}}}, {{100}});
    const TransferableKey other = key_with({{{2}, {{20}, {21}}}, {{3}, {{30}}}}, {{100}, {101}});
    merge(one, other);
    BOOST_TEST(one.primary.signatures.size() == 2U);
    BOOST_REQUIRE(one.user_ids.size() == 3U);
    BOOST_TEST(one.user_ids[0].signatures.size() == 1U);
    BOOST_TEST(one.user_ids[1].signatures.size() == 2U);
    BOOST_TEST(one.user_ids[2].signatures.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_merge_knows_the_revoker_of_one_and_the_revocation_of_the_other) {
    TransferableKey stored = key_with({});
    stored.names_revoker = true;
    TransferableKey uploaded = key_with({});
    uploaded.revoked_by_other = true;
    BOOST_TEST(bool(check_revokers(stored)));
    BOOST_TEST(bool(check_revokers(uploaded)));
    merge(uploaded, stored);
    BOOST_TEST(!check_revokers(uploaded));
}

BOOST_AUTO_TEST_CASE(a_merge_with_itself_changes_nothing) {
    TransferableKey key = key_with({{{1}, {{10}}}}, {{100}});
    key.subkeys = {{{4, 2}, {{40}}}};
    const OctetString before = serialise(key);
    merge(key, TransferableKey{key});
    BOOST_TEST((serialise(key) == before));
}

BOOST_AUTO_TEST_CASE(a_merge_does_not_escape_the_limits) {
    TransferableKey one = key_with({});
    TransferableKey other = key_with({});
    for (std::uint8_t i = 0; i < max_user_ids; ++i) {
        one.user_ids.push_back({{i}, {{1}}});
        other.user_ids.push_back({{static_cast<std::uint8_t>(i + 1)}, {{1}}});
    }
    BOOST_TEST(bool(check_limits(one)));
    BOOST_TEST(bool(check_limits(other)));
    merge(one, other);
    BOOST_TEST(!check_limits(one));
}

BOOST_AUTO_TEST_SUITE_END()
