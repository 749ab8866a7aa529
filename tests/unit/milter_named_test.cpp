#include "milter/named.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

std::string read(std::string_view value) {
    std::string text;
    for (const auto& address : addresses_in(value))
        text += (text.empty() ? "" : " ") + address.text();
    return text;
}

Address address(std::string_view text) {
    return *Address::parse(text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_named)

BOOST_AUTO_TEST_CASE(addresses_are_read_in_every_form_that_rfc_5322_has) {
    BOOST_TEST(read(" alice@x.test") == "alice@x.test");
    BOOST_TEST(read(" Alice <Alice@X.test>, bob@x.test") == "alice@x.test bob@x.test");
    BOOST_TEST(read("\"Doe, Jane\" <jane@x.test>,\n\tBob (the builder, he) <bob@x.test>") ==
               "jane@x.test bob@x.test");
    BOOST_TEST(read("friends: a@x.test, B <b@x.test>;, c@x.test") == "a@x.test b@x.test c@x.test");
    BOOST_TEST(read("undisclosed-recipients:;") == "");
    BOOST_TEST(read("<a@x.test>(comment (nested \\) ) end), b@x.test (Bob)") ==
               "a@x.test b@x.test");
    BOOST_TEST(read("\"odd name\"@x.test, plain . name @ x . test") ==
               "\"odd name\"@x.test plain.name@x.test");
    BOOST_TEST(read("=?utf-8?q?J=C3=BCrgen?= <j@x.test>") == "j@x.test");
}

BOOST_AUTO_TEST_CASE(what_is_malformed_names_nobody) {
    BOOST_TEST(read("") == "");
    BOOST_TEST(read("alice bob@x.test") == "");
    BOOST_TEST(read("<a@x.test, <b@x.test>") == "b@x.test");
    BOOST_TEST(read("\"a@x.test") == "");
    BOOST_TEST(read("(a@x.test") == "");
    BOOST_TEST(read("a@x.test <b@x.test>") == "b@x.test");
    BOOST_TEST(read("<a@x.test> b@x.test") == "a@x.test");
    BOOST_TEST(read("\"a@x.test\" <b@x.test>") == "b@x.test");
    BOOST_TEST(read("<@relay:a@x.test>") == "");
}

BOOST_AUTO_TEST_CASE(only_to_and_cc_name_somebody) {
    NamedAddresses named;
    named.field("tO", " a@x.test");
    named.field("CC", " b@x.test");
    named.field("Bcc", " c@x.test");
    named.field("From", " d@x.test");
    named.field("To", " e@x.test");
    for (const char* known : {"a@x.test", "b@x.test", "E@x.test"})
        BOOST_TEST(named.has_all(std::vector{address(known)}), known);
    for (const char* unknown : {"c@x.test", "d@x.test", "f@x.test"})
        BOOST_TEST(!named.has_all(std::vector{address(unknown)}), unknown);
    BOOST_TEST(!named.has_all(std::vector{address("a@x.test"), address("c@x.test")}));
    BOOST_TEST(named.has_all(std::vector{address("a@x.test"), address("b@x.test")}));
}

BOOST_AUTO_TEST_CASE(beyond_the_limit_nobody_is_named) {
    NamedAddresses named;
    for (std::size_t i = 0; i < NamedAddresses::max_named; ++i)
        named.field("To", "a" + std::to_string(i) + "@x.test");
    BOOST_TEST(named.has_all(std::vector{address("a0@x.test")}));
    named.field("To", "one.more@x.test");
    BOOST_TEST(!named.has_all(std::vector{address("a0@x.test")}));
}

BOOST_AUTO_TEST_SUITE_END()
