#include "pipe/maildir_name.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

std::string name_on(const std::string& host) {
    return make_maildir_name({{1700000000, 123456789}, 4711, 2, host});
}

std::string host_in_name(const std::string& host) {
    const std::string name = name_on(host);
    return name.substr(name.find("Q2.") + 3);
}

std::string sized(std::initializer_list<std::string_view> pieces) {
    MessageSize size;
    for (const auto piece : pieces) size.add(piece);
    return size.append_to("n");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipe_maildir_name)

BOOST_AUTO_TEST_CASE(has_seconds_microseconds_process_delivery_and_host) {
    BOOST_TEST(name_on("mx.example.org") == "1700000000.M123456P4711Q2.mx.example.org");
}

BOOST_AUTO_TEST_CASE(escapes_what_would_end_the_name_or_its_parts) {
    BOOST_TEST(host_in_name("a/b:c,d") == "a\\057b\\072c\\054d");
    BOOST_TEST(host_in_name("a b\n\xff") == "a\\040b\\012\\377");
    BOOST_TEST(host_in_name("") == "localhost");
    for (const char forbidden : {'/', ':', '\0'})
        BOOST_TEST((name_on(std::string(3, forbidden)).find(forbidden) == std::string::npos));
}

BOOST_AUTO_TEST_CASE(stays_short_enough_for_sizes_and_flags) {
    const std::string longest =
        make_maildir_name({{INT64_MAX, 999999999}, INT32_MAX, UINT64_MAX, std::string(300, ':')});
    BOOST_TEST(longest.size() +
                   std::string{",S=18446744073709551615,W=18446744073709551615"}.size() +
                   std::string{":2,DFPRST"}.size() <=
               255U);
}

BOOST_AUTO_TEST_CASE(sizes_count_every_line_end_as_two_octets_for_imap) {
    BOOST_TEST(sized({}) == "n,S=0,W=0");
    BOOST_TEST(sized({"a\nb\n"}) == "n,S=4,W=6");
    BOOST_TEST(sized({"a\r\nb\n"}) == "n,S=5,W=6");
    BOOST_TEST(sized({"\n"}) == "n,S=1,W=2");
    BOOST_TEST(sized({"a\r", "\nb", "\n", "", "\n"}) == "n,S=6,W=8");
    BOOST_TEST(sized({"\r", "", "\n"}) == "n,S=2,W=2");
}

BOOST_AUTO_TEST_SUITE_END()
