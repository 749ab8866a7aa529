#include "keyd/key_listing.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

KeyListing example() {
    ListedKey primary{{1, 2, 3}, 1700000000, 1800000000, false, true, false};
    ListedKey subkey{{4, 5, 6}, 1700000001, 0, true, false, true};
    return {{primary, subkey},
            {{"Alice <alice@example.org>", false, false},
             {"two\nlines\xff and spaces", true, true},
             {"", false, true}}};
}

bool is_retry(std::string_view text) {
    const auto parsed = parse_listing(text);
    return !parsed && parsed.error().fate == Fate::retry;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_key_listing)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
    const std::string text = write_listing(example());
    const auto parsed = parse_listing(text);
    BOOST_REQUIRE(bool(parsed));
    BOOST_TEST(write_listing(*parsed) == text);
    BOOST_REQUIRE(parsed->keys.size() == 2U);
    BOOST_TEST((parsed->keys[0].fingerprint == Fingerprint{1, 2, 3}));
    BOOST_TEST(parsed->keys[0].created == 1700000000);
    BOOST_TEST(parsed->keys[0].expires == 1800000000);
    BOOST_TEST(parsed->keys[0].revoked);
    BOOST_TEST(!parsed->keys[0].can_encrypt);
    BOOST_TEST(parsed->keys[1].can_encrypt);
    BOOST_TEST(parsed->keys[1].invalid);
    BOOST_REQUIRE(parsed->user_ids.size() == 3U);
    BOOST_TEST(parsed->user_ids[1].text == "two\nlines\xff and spaces");
    BOOST_TEST(parsed->user_ids[1].revoked);
    BOOST_TEST(parse_listing("end\n")->keys.empty());
}

BOOST_AUTO_TEST_CASE(a_listing_that_is_not_whole_is_none) {
    const std::string text = write_listing(example());
    for (std::size_t size = 0; size < text.size(); ++size)
        BOOST_TEST(is_retry(text.substr(0, size)));
    BOOST_TEST(is_retry(text + "key"));
    BOOST_TEST(is_retry(text + "end\n"));
    for (const char* line :
         {"key\n", "key 00 1 1 -\n", "uid - 0\n", "uid - 0g\n", "uid - 00 00\n", "nonsense\n", "\n",
          "key 0102030405060708090A0B0C0D0E0F1011121314 -1 0 -\n",
          "key 0102030405060708090A0B0C0D0E0F1011121314 1 99999999999999999999 -\n",
          "key 0102030405060708090A0B0C0D0E0F1011121314 1 1\n"})
        BOOST_TEST(is_retry(line + std::string{"end\n"}));
}

BOOST_AUTO_TEST_CASE(an_error_is_handed_on) {
    const auto parsed = parse_listing("error gpg was ended by signal 9\n");
    BOOST_REQUIRE(!parsed);
    BOOST_TEST(parsed.error().what == "gpg was ended by signal 9");
}

BOOST_AUTO_TEST_SUITE_END()
