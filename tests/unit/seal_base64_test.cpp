#include "seal/base64.hpp"

#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>
#include <openssl/evp.h>

using namespace maildircrypt;

namespace {

std::string encode(Octets octets) {
    std::string text(base64_size(octets.size()), '!');
    encode_base64(octets, text);
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_base64)

BOOST_AUTO_TEST_CASE(the_examples_of_rfc_4648) {
    const char* examples[][2] = {{"", ""},
                                 {"f", "Zg=="},
                                 {"fo", "Zm8="},
                                 {"foo", "Zm9v"},
                                 {"foob", "Zm9vYg=="},
                                 {"fooba", "Zm9vYmE="},
                                 {"foobar", "Zm9vYmFy"}};
    for (const auto& [text, encoded] : examples) BOOST_TEST(encode(as_octets(text)) == encoded);
}

BOOST_AUTO_TEST_CASE(every_length_and_every_twelve_bits_agree_with_openssl) {
    OctetString octets;
    for (unsigned bits = 0; bits < 4096; bits += 2)
        octets.insert(octets.end(), {static_cast<std::uint8_t>(bits >> 4U),
                                     static_cast<std::uint8_t>((bits & 15U) << 4U | bits >> 8U),
                                     static_cast<std::uint8_t>((bits + 1) & 255U)});
    for (std::size_t size = 0; size < octets.size(); size += size < 200 ? 1 : 997) {
        OctetString expected(base64_size(size) + 1);
        EVP_EncodeBlock(expected.data(), octets.data(), static_cast<int>(size));
        expected.pop_back();
        BOOST_REQUIRE_EQUAL(encode(Octets{octets}.first(size)), as_text(expected));
    }
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_not_written) {
    const OctetString octets(3000, 1);
    std::string text(3999, '!');
    BOOST_CHECK_THROW(encode_base64(octets, text), std::length_error);
    BOOST_TEST(text == std::string(3999, '!'));
}

BOOST_AUTO_TEST_CASE(what_lies_behind_stays) {
    std::string text(12, '!');
    encode_base64(as_octets("fooba"), text);
    BOOST_TEST(text == "Zm9vYmE=!!!!");
}

BOOST_AUTO_TEST_SUITE_END()
