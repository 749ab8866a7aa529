#include "milter/field_text.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

std::string text_of_field(std::string_view name, std::string_view value) {
    std::string text;
    const auto written = write_field(name, value, [&text](std::string_view piece) {
        text += piece;
        return Result<void>{};
    });
    BOOST_TEST(bool(written));
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_field_text)

BOOST_AUTO_TEST_CASE(a_field_is_written_as_the_mta_passed_it_with_crlf) {
    BOOST_TEST(text_of_field("Subject", " hello") == "Subject: hello\r\n");
    BOOST_TEST(text_of_field("Subject", "hello ") == "Subject:hello \r\n");
    BOOST_TEST(text_of_field("X", "") == "X:\r\n");
    BOOST_TEST(text_of_field("X", " a\n b\n\tc") == "X: a\r\n b\r\n\tc\r\n");
    BOOST_TEST(text_of_field("X", "\n a") == "X:\r\n a\r\n");
    BOOST_TEST(text_of_field("X", " a\r\n b") == "X: a\r\r\n b\r\n");
}

BOOST_AUTO_TEST_CASE(the_first_error_ends_it) {
    int calls = 0;
    const auto written = write_field("X", "a\n b\n c", [&calls](std::string_view) -> Result<void> {
        if (++calls == 3) return retry("full");
        return {};
    });
    BOOST_TEST(!written);
    BOOST_TEST(calls == 3);
}

BOOST_AUTO_TEST_SUITE_END()
