#include "seal/field_copy.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace std::string_literals;

namespace {

void check(const std::string& field, const std::string& expected, bool changed) {
    const auto copy = copy_field(field, LineEnd::lf);
    BOOST_TEST(copy.text == expected);
    BOOST_TEST(copy.changed == changed);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_field_copy)

BOOST_AUTO_TEST_CASE(lines_end_as_asked_for) {
    check("To: a\r\n b\n\tc\r\n", "To: a\n b\n\tc\n", false);
    check("To: cut short", "To: cut short\n", false);
    check("To: cut short\r", "To: cut short\n", false);
    check("", "", false);
    BOOST_TEST(copy_field("To: a\n b\r\n", LineEnd::crlf).text == "To: a\r\n b\r\n");
}

BOOST_AUTO_TEST_CASE(what_readers_see_in_two_ways_becomes_blank) {
    check("To: a\rX: b\n", "To: a X: b\n", true);
    check("To: a\r\r\n", "To: a \n", true);
    check("To: a\0b\n"s, "To: a b\n", true);
    BOOST_TEST(copy_field("To: a\r\r\n", LineEnd::crlf).text == "To: a \r\n");
}

BOOST_AUTO_TEST_CASE(other_octets_stay) {
    check("To: \xFF\x01\x7F \t\n", "To: \xFF\x01\x7F \t\n", false);
}

BOOST_AUTO_TEST_SUITE_END()
