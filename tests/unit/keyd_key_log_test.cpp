#include "keyd/encoding.hpp"
#include "keyd/key_log.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

LogRow row() {
    LogRow row{1, 1700000000, "root", "seal", {}, {}, {}};
    row.address.fill(1);
    row.keys.fill(2);
    row.previous.fill(3);
    return row;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_key_log)

// Computed once with Python's hashlib and hmac from the text of keyd/KEYLOG.
BOOST_AUTO_TEST_CASE(hashes_are_those_that_the_document_describes) {
    BOOST_TEST(hex_text(genesis_hash("00112233445566778899aabbccddeeff").value()) ==
               "cbbdc9310180f57ba2de35f75e88b6f853bb2563bf5a2db6378ad9560fac9928");
    BOOST_TEST(hex_text(hash_row(row()).value()) ==
               "03e4b0fdf6ab07e645a880c45809b2d4e4b4c462195df9f2f9d73b4b774a9084");
    Opening opening{{}, "ann@sealed.test"};
    opening.salt.fill(0x61);
    BOOST_TEST(hex_text(commitment(Committed::address, opening).value()) ==
               "29ae5b256c61ce8d689247b3f998d6b98a068fda75208b7e8b214057838057b1");
    BOOST_TEST(hex_text(commitment(Committed::keys, opening).value()) ==
               "ce0f2c7a7962672ad4ea92c6e76875771f223111905412d1b04ddf11a578c8df");
}

BOOST_AUTO_TEST_CASE(every_member_of_a_row_is_in_its_hash) {
    const auto original = hash_row(row()).value();
    const auto differs = [&original](auto change) {
        LogRow changed = row();
        change(changed);
        return hash_row(changed).value() != original;
    };
    BOOST_TEST(differs([](LogRow& r) { r.sequence = 2; }));
    BOOST_TEST(differs([](LogRow& r) { r.time += 1; }));
    BOOST_TEST(differs([](LogRow& r) { r.channel = "user:0"; }));
    BOOST_TEST(differs([](LogRow& r) { r.action = "release"; }));
    BOOST_TEST(differs([](LogRow& r) { r.address[31] ^= 1; }));
    BOOST_TEST(differs([](LogRow& r) { r.keys[0] ^= 1; }));
    BOOST_TEST(differs([](LogRow& r) { r.previous[0] ^= 1; }));
    // What moves from one member to the next is noticed, too.
    LogRow one = row();
    one.channel = "a\n4 b";
    LogRow other = row();
    other.channel = "a";
    BOOST_TEST((hash_row(one).value() != hash_row(other).value()));
}

BOOST_AUTO_TEST_CASE(commitments_of_equal_values_differ_by_their_salts) {
    const Opening one{random_salt().value(), "ann@sealed.test"};
    const Opening other{random_salt().value(), "ann@sealed.test"};
    BOOST_TEST((one.salt != other.salt));
    BOOST_TEST((commitment(Committed::address, one).value() !=
                commitment(Committed::address, other).value()));
}

BOOST_AUTO_TEST_CASE(fingerprints_are_listed_in_one_order) {
    const std::vector<EncryptionKey> keys{test::encryption_key("b"), test::encryption_key("a")};
    const std::vector<EncryptionKey> turned{keys[1], keys[0]};
    BOOST_TEST(list_fingerprints(keys) == list_fingerprints(turned));
    BOOST_TEST(list_fingerprints(keys).size() == 81U);
    BOOST_TEST(list_fingerprints({}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
