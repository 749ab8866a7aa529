#include "seal/padding.hpp"

#include <bit>
#include <cmath>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

/// The definition as the paper writes it, in floating point.
std::uint64_t by_definition(std::uint64_t length) {
    const double exponent = std::floor(std::log2(static_cast<double>(length)));
    const double significant = std::floor(std::log2(exponent)) + 1;
    const double step = std::exp2(exponent - significant);
    return static_cast<std::uint64_t>(std::ceil(static_cast<double>(length) / step) * step);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_padding)

BOOST_AUTO_TEST_CASE(padme_is_what_the_paper_defines) {
    for (std::uint64_t length = 2; length < 100000; ++length)
        BOOST_REQUIRE_EQUAL(padme(length), by_definition(length));
    for (unsigned bit = 17; bit < 50; ++bit)
        for (const int nearby : {-1, 0, 1, 12345}) {
            const std::uint64_t length =
                (std::uint64_t{1} << bit) + static_cast<std::uint64_t>(nearby);
            BOOST_TEST(padme(length) == by_definition(length));
        }
}

BOOST_AUTO_TEST_CASE(padme_knows_its_first_values) {
    BOOST_TEST(padme(0) == 0U);
    BOOST_TEST(padme(1) == 1U);
    BOOST_TEST(padme(9) == 10U);
    BOOST_TEST(padme(1000) == 1024U);
    BOOST_TEST(padme(1000000) == 1015808U);
}

BOOST_AUTO_TEST_CASE(padme_never_shortens_is_stable_and_adds_at_most_an_eighth) {
    for (std::uint64_t length = 1; length < 200000; length += 3) {
        const std::uint64_t padded = padme(length);
        BOOST_REQUIRE(padded >= length);
        BOOST_REQUIRE_EQUAL(padme(padded), padded);
        BOOST_REQUIRE(padded - length <= length / 8);
    }
}

BOOST_AUTO_TEST_SUITE_END()
