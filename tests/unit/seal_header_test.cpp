#include "seal/header.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

struct Split {
    std::size_t length;
    std::size_t separator;
};

/// Scans octet by octet, as the worst peer would send it.
Split split(std::string_view message) {
    HeaderScanner scanner;
    for (std::size_t size = 1; size <= message.size(); ++size)
        if (scanner.scan(message.substr(0, size))) return {scanner.length(), scanner.separator()};
    scanner.finish(message);
    return {scanner.length(), scanner.separator()};
}

void check(std::string_view message, std::string_view header, std::string_view separator) {
    const Split found = split(message);
    BOOST_TEST(message.substr(0, found.length) == header);
    BOOST_TEST(message.substr(found.length, found.separator) == separator);
    HeaderScanner whole;
    whole.finish(message);
    BOOST_TEST(whole.length() == found.length);
    BOOST_TEST(whole.separator() == found.separator);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_header)

BOOST_AUTO_TEST_CASE(ends_before_the_empty_line) {
    check("A: 1\r\nB: 2\r\n\r\nbody\r\n", "A: 1\r\nB: 2\r\n", "\r\n");
    check("A: 1\nB: 2\n\nbody\n", "A: 1\nB: 2\n", "\n");
    check("A: 1\n folded\n\tmore\n\n", "A: 1\n folded\n\tmore\n", "\n");
    check("\nbody", "", "\n");
    check("\r\n", "", "\r\n");
}

BOOST_AUTO_TEST_CASE(ends_before_a_line_that_is_no_field) {
    check("A: 1\nnot a field\nB: 2\n\n", "A: 1\n", "");
    check(" starts with a blank\n\n", "", "");
    check("body only", "", "");
    check(": no name\n\n", "", "");
    check("N\x01me: control\n\n", "", "");
}

BOOST_AUTO_TEST_CASE(survives_messages_that_stop_short) {
    check("", "", "");
    check("A: 1", "A: 1", "");
    check("A: 1\nB", "A: 1\n", "");
    check("A: 1\n", "A: 1\n", "");
    check("A: 1\n\r", "A: 1\n", "\r");
}

BOOST_AUTO_TEST_CASE(ends_behind_as_many_fields_as_memory_is_for) {
    std::string header;
    for (std::size_t i = 0; i < max_header_fields; ++i) header += i % 2 == 0 ? "a:\n" : "b:\n c\n";
    const auto check_end = [&](const std::string& rest, std::string_view separator) {
        const std::string message = header + rest;
        HeaderScanner scanner;
        BOOST_TEST(scanner.scan(message));
        BOOST_TEST(scanner.length() == header.size());
        BOOST_TEST(scanner.separator() == separator.size());
    };
    check_end("\nbody", "\n");
    check_end("c:\n\nbody", "");
    header += " continued\n";
    check_end("c:\n\nbody", "");
}

BOOST_AUTO_TEST_CASE(fields_know_name_value_and_whole_text) {
    const std::string text = "Subject : hello\r\n world\r\nX:\nLast: no end";
    const auto fields = split_fields(text);
    BOOST_REQUIRE(fields.size() == 3U);
    BOOST_TEST(fields[0].name == "Subject");
    BOOST_TEST(fields[0].value == " hello\r\n world");
    BOOST_TEST(fields[0].text == "Subject : hello\r\n world\r\n");
    BOOST_TEST(fields[1].value == "");
    BOOST_TEST(fields[2].value == " no end");
    BOOST_TEST(find_field(fields, "sUBJECT") == &fields[0]);
    BOOST_TEST((find_field(fields, "Subjec") == nullptr));
    BOOST_TEST(count_fields(fields, "x") == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
