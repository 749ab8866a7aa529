#include "pipe/lmtp_command.hpp"

#include <boost/test/unit_test.hpp>

namespace maildircrypt::lmtp {

BOOST_AUTO_TEST_SUITE(lmtp_command)

BOOST_AUTO_TEST_CASE(verbs_are_known_in_any_case_and_keep_their_argument) {
    BOOST_TEST((parse_command("LHLO a.test").verb == Verb::lhlo));
    BOOST_TEST((parse_command("lHlO a.test").argument == "a.test"));
    BOOST_TEST((parse_command("  NOOP\tx y ").argument == "x y"));
    BOOST_TEST((parse_command("EHLO a").verb == Verb::helo));
    BOOST_TEST((parse_command("STARTTLS").verb == Verb::unimplemented));
    for (const char* line : {"", " ", "MAI", "MAILS", "MAIL:", "MAIL\x80", "LHL"})
        BOOST_TEST((parse_command(line).verb == Verb::unknown), line);
}

BOOST_AUTO_TEST_CASE(paths_are_taken_verbatim_with_their_parameters) {
    const auto path = parse_path("FROM:<A.b@C.test> SIZE=10 body=8BITMIME  SMTPUTF8", "FROM:");
    BOOST_REQUIRE(bool(path));
    BOOST_TEST(path->text == "<A.b@C.test>");
    BOOST_REQUIRE(path->parameters.size() == 3U);
    BOOST_TEST(path->parameters[0].name == "SIZE");
    BOOST_TEST(path->parameters[0].value == "10");
    BOOST_TEST(path->parameters[1].name == "BODY");
    BOOST_TEST(path->parameters[1].value == "8BITMIME");
    BOOST_TEST(path->parameters[2].name == "SMTPUTF8");
    BOOST_TEST(path->parameters[2].value == "");
}

BOOST_AUTO_TEST_CASE(quoted_local_parts_may_hold_blanks_and_brackets) {
    for (const char* text :
         {"<\"a b\"@c.test>", "<\"a>b\"@c.test>", "<\"a\\\">\"@c.test>", "<>", "<\"<\"@c.test>"}) {
        const auto path = parse_path(std::string{"TO:"} + text, "TO:");
        BOOST_REQUIRE_MESSAGE(bool(path), text);
        BOOST_TEST(path->text == text);
    }
}

BOOST_AUTO_TEST_CASE(a_source_route_is_cut_off) {
    BOOST_TEST(parse_path("TO:<@a.test,@b.test:c@d.test>", "TO:")->text == "<c@d.test>");
}

BOOST_AUTO_TEST_CASE(malformed_paths_are_refused) {
    for (const char* text :
         {"", "TO", "TO:", "TO:a@b.test", "TO:<a@b.test", "TO:<a@b.test>x", "TO:<a b@c.test>",
          "TO:<\"a@b.test>", "TO:<a@b<c>", "FROM:<a@b.test>", "TO:<a@b.test> =x",
          "TO:<a@b.test> X=", "TO:<a@b.test> a_b=c", "TO:<a@b.test> -x=y", "TO:<\"a\\"})
        BOOST_TEST(!bool(parse_path(text, "TO:")), text);
}

BOOST_AUTO_TEST_CASE(chunk_sizes_are_whole_numbers) {
    BOOST_TEST(parse_chunk("0 LAST")->last);
    BOOST_TEST(parse_chunk("18446744073709551615")->size == UINT64_MAX);
    BOOST_TEST(!parse_chunk("12")->last);
    BOOST_TEST(parse_chunk("12 last")->last);
    for (const char* text : {"", "LAST", "x", "-1", "+1", "1x", "1 LASTING", "1 LAST LAST", "0x10",
                             "18446744073709551616", "000000000000000000000"})
        BOOST_TEST(!bool(parse_chunk(text)), text);
}

BOOST_AUTO_TEST_CASE(xtext_is_printable_and_escapes_are_upper_case_hexadecimal) {
    BOOST_TEST(is_xtext("abc+2B+3D"));
    for (const char* text : {"", "a b", "a=b", "a+", "a+2", "a+2b", "a\x80"})
        BOOST_TEST(!is_xtext(text), text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
