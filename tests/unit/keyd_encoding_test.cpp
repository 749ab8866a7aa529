#include "keyd/encoding.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(keyd_encoding)

BOOST_AUTO_TEST_CASE(base64_reads_only_what_it_would_write) {
    for (const std::string text : {"", "a", "ab", "abc", "\x01\x02\xff\xfe"}) {
        const auto octets = as_octets(text);
        const auto back = parse_base64(base64_text(octets));
        BOOST_REQUIRE(back);
        BOOST_TEST((*back == OctetString{octets.begin(), octets.end()}));
    }
    for (const std::string text :
         {"YQ", "YQ=", "YR==", " YQ==", "YQ==\n", "Y===", "====", "YQ==YQ==", "Y!==", "YWI=="})
        BOOST_TEST(!parse_base64(text), text);
}

BOOST_AUTO_TEST_CASE(fingerprints_have_forty_digits_of_either_case) {
    const std::string digits = "0123456789abcdefABCDEF000000000000000042";
    const auto fingerprint = parse_fingerprint(digits);
    BOOST_REQUIRE(fingerprint);
    BOOST_TEST(to_hex(*fingerprint) == "0123456789ABCDEFABCDEF000000000000000042");
    BOOST_TEST(!parse_fingerprint(digits.substr(1)));
    BOOST_TEST(!parse_fingerprint(digits + "00"));
    BOOST_TEST(!parse_fingerprint("g" + digits.substr(1)));
    BOOST_TEST(is_lower_hex("00ff", 4));
    BOOST_TEST(!is_lower_hex("00FF", 4));
    BOOST_TEST(!is_lower_hex("00ff", 5));
}

BOOST_AUTO_TEST_CASE(percent_encoding_survives_every_octet) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    BOOST_TEST((percent_decode(percent_encode(all)) == all));
    BOOST_TEST(percent_encode("a/b@c") == "a%2fb%40c");
    BOOST_TEST(!percent_decode("%"));
    BOOST_TEST(!percent_decode("%4"));
    BOOST_TEST(!percent_decode("%4x"));
}

BOOST_AUTO_TEST_CASE(utf8_is_told_from_what_only_resembles_it) {
    for (const std::string good : {"", "plain", "Z\xc3\xbcrich", "\xe2\x82\xac", "\xf0\x9f\x94\x91",
                                   "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"})
        BOOST_TEST(is_utf8(good), good);
    for (const std::string bad : {"\xff", "\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80",
                                  "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xe2\x82"})
        BOOST_TEST(!is_utf8(bad));
}

BOOST_AUTO_TEST_SUITE_END()
