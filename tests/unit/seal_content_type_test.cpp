#include "seal/content_type.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(seal_content_type)

BOOST_AUTO_TEST_CASE(reads_type_and_parameters) {
    const std::string_view value =
        " (a (nested) comment) Text/HTML (x); charset=utf-8; NAME=\"a \\\"b\\\"\r\n c\" ;";
    const auto type = parse_content_type(value);
    BOOST_REQUIRE(bool(type));
    BOOST_TEST(type->is("text", "html"));
    BOOST_TEST(value.substr(0, type->subtype_end).ends_with("HTML"));
    BOOST_TEST(type->well_formed);
    BOOST_REQUIRE(type->parameter("charset") != nullptr);
    BOOST_TEST(*type->parameter("charset") == "utf-8");
    BOOST_TEST(*type->parameter("name") == "a \"b\" c");
    BOOST_TEST((type->parameter("missing") == nullptr));
}

BOOST_AUTO_TEST_CASE(a_parameter_given_twice_has_no_value) {
    const auto type = parse_content_type("multipart/mixed; boundary=a; boundary=b");
    BOOST_REQUIRE(bool(type));
    BOOST_TEST((type->parameter("boundary") == nullptr));
}

BOOST_AUTO_TEST_CASE(tells_malformed_from_well_formed) {
    for (const auto value :
         {"text/plain; charset", "text/plain; charset=", "text/plain charset=x", "text/plain; =x",
          "text/plain (unfinished", "text/plain; a=\"b", "text/plain; a=b c", "text/plain;;"}) {
        const auto type = parse_content_type(value);
        BOOST_REQUIRE(bool(type));
        BOOST_TEST(!type->well_formed, value);
    }
    for (const auto value :
         {"", "text", "/plain", "text/", "text /plain", "(unfinished", "\"text\"/plain"})
        BOOST_TEST(!parse_content_type(value), value);
}

BOOST_AUTO_TEST_SUITE_END()
