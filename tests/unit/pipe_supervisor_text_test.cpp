#include "pipe/supervisor_text.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

SupervisorArguments scan(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "maildircrypt-pipe");
    return scan_arguments(static_cast<int>(arguments.size()), arguments.data());
}

bool informs(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "maildircrypt-pipe");
    return asks_for_information(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipe_supervisor_text)

BOOST_AUTO_TEST_CASE(numbers_are_taken_whole_and_within_their_limit) {
    BOOST_TEST(parse_decimal("0", 10) == 0);
    BOOST_TEST(parse_decimal("10", 10) == 10);
    BOOST_TEST(parse_decimal("9223372036854775807", INT64_MAX) == INT64_MAX);
    for (const char* text : {"", "11", "-1", "+1", " 1", "1 ", "1x", "x", "99999999999999999999"})
        BOOST_TEST(parse_decimal(text, 10) == -1, text);
    BOOST_TEST(parse_decimal("9223372036854775808", INT64_MAX) == -1);
}

BOOST_AUTO_TEST_CASE(the_deadline_is_found_in_both_spellings_and_nonsense_leaves_the_default) {
    BOOST_TEST(scan({}).deadline == default_deadline);
    BOOST_TEST(scan({"--deadline", "30"}).deadline == 30);
    BOOST_TEST(scan({"--filter", "--deadline=31"}).deadline == 31);
    BOOST_TEST(scan({"--deadline", "86400"}).deadline == max_deadline);
    BOOST_TEST(scan({"--deadline", "86401"}).deadline == default_deadline);
    BOOST_TEST(scan({"--deadline", "0"}).deadline == default_deadline);
    BOOST_TEST(scan({"--deadline="}).deadline == default_deadline);
    BOOST_TEST(scan({"--deadline"}).deadline == default_deadline);
    BOOST_TEST(scan({"--deadlines", "7"}).deadline == default_deadline);
}

BOOST_AUTO_TEST_CASE(filter_mode_is_found) {
    BOOST_TEST(scan({"--recipient", "a@b", "--filter"}).filter);
    BOOST_TEST(!scan({"--recipient", "--filter@b"}).filter);
}

BOOST_AUTO_TEST_CASE(only_a_lone_argument_asks_for_information_since_its_answer_ends_with_0) {
    BOOST_TEST(informs({"--help"}));
    BOOST_TEST(informs({"--version"}));
    BOOST_TEST(!informs({}));
    BOOST_TEST(!informs({"--recipient", "--help"}));
    BOOST_TEST(!informs({"--help", "--version"}));
    BOOST_TEST(!informs({"--help@x"}));
}

BOOST_AUTO_TEST_CASE(a_status_line_has_a_code_of_its_class_and_printable_text) {
    BOOST_TEST(is_status_line("5.7.1 Not stored", '5'));
    BOOST_TEST(is_status_line(deferred_line, '4'));
    BOOST_TEST(is_status_line("4.3.0 " + std::string(max_status_line - 6, 'x'), '4'));
    for (const std::string& line :
         {std::string{"5.7.1 x"}, std::string{"4.3.0"}, std::string{"4.3.0 "},
          std::string{"4-3-0 x"}, std::string{"4.3.x y"}, std::string{"4.30 xyz"},
          std::string{"4.3.0 two\nlines"}, std::string{"4.3.0 nul\0!", 11},
          std::string{"4.3.0 gr\xc3\xbc"}, std::string{},
          "4.3.0 " + std::string(max_status_line - 5, 'x')})
        BOOST_TEST(!is_status_line(line, '4'), line);
}

BOOST_AUTO_TEST_CASE(the_flags_of_a_process_are_found_behind_any_name) {
    BOOST_TEST(process_flags("7 (cat) R 6 7 5 0 -1 4194304 122 0") == 4194304);
    BOOST_TEST(process_flags("7 (a) b) (c) R 6 7 5 0 -1 4194308 122 0") == 4194308);
    for (const char* line : {"", "7", "7 (cat)", "7 (cat) R 6 7 5 0 -1", "7 (cat) R 6 7 5 0 -1 4",
                             "7 (cat) R 6 7 5 0 -1 x 4", "7 (cat) R 6 7 5 0 -1 -4 4"})
        BOOST_TEST(process_flags(line) == -1, line);
}

BOOST_AUTO_TEST_SUITE_END()
