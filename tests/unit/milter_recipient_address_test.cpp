#include "milter/recipient_address.hpp"
#include "milter_fakes.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

std::string resolve(std::string_view argument, const FakeMacros& macros,
                    const std::string& origin = "") {
    const auto address = recipient_address(argument, macros, origin);
    return address ? address->text() : "none";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_recipient_address)

BOOST_AUTO_TEST_CASE(the_canonical_form_of_the_mta_wins) {
    const FakeMacros postfix{{"{rcpt_mailer}", "virtual"}, {"{rcpt_addr}", "alice@ours.test"}};
    BOOST_TEST(resolve("<@relay.test:ALICE@ours.test>", postfix) == "alice@ours.test");
}

BOOST_AUTO_TEST_CASE(what_the_client_typed_stands_in_for_it) {
    BOOST_TEST(resolve("<Alice@Ours.test>", FakeMacros{}) == "alice@ours.test");
    const FakeMacros sendmail{{"{rcpt_mailer}", "local"}, {"{rcpt_addr}", "alice"}};
    BOOST_TEST(resolve("<alice@ours.test>", sendmail) == "alice@ours.test");
    const FakeMacros error{{"{rcpt_mailer}", "error"}, {"{rcpt_addr}", "no@such.user"}};
    BOOST_TEST(resolve("<alice@ours.test>", error) == "alice@ours.test");
}

BOOST_AUTO_TEST_CASE(a_name_without_domain_is_completed_by_the_origin_and_nothing_else_is) {
    const FakeMacros postfix{{"{rcpt_mailer}", "local"}, {"{rcpt_addr}", "postmaster"}};
    BOOST_TEST(resolve("<Postmaster>", postfix, "mx.test") == "postmaster@mx.test");
    BOOST_TEST(resolve("root", FakeMacros{}, "mx.test") == "root@mx.test");
    const FakeMacros sendmail{{"{rcpt_mailer}", "local"}, {"{rcpt_addr}", "alice"}};
    BOOST_TEST(resolve("<alice@ours.test>", sendmail, "mx.test") == "alice@ours.test");
    BOOST_TEST(resolve("<a b>", FakeMacros{}, "mx.test") == "none");
    BOOST_TEST(resolve("<@x.test:a@>", FakeMacros{}, "mx.test") == "none");
    BOOST_TEST(resolve("<>", FakeMacros{}, "mx.test") == "none");
}

BOOST_AUTO_TEST_CASE(nothing_is_made_of_what_is_no_address) {
    BOOST_TEST(resolve("<postmaster>", FakeMacros{}) == "none");
    BOOST_TEST(resolve("", FakeMacros{}) == "none");
    BOOST_TEST(resolve("<" + std::string(300, 'a') + "@ours.test>", FakeMacros{}) == "none");
}

BOOST_AUTO_TEST_CASE(what_was_typed_is_another_address_beyond_ascii_alone) {
    const auto typed = [](std::string_view argument, std::string_view canonical) {
        const auto address = typed_address(argument, Address::parse(canonical).value());
        return address ? address->text() : "none";
    };
    BOOST_TEST(typed("<Any@stra\u00dfe.test>", "any@strasse.test") == "any@stra\u00dfe.test");
    BOOST_TEST(typed("<gro\u00df@ours.test>", "gross@ours.test") == "gro\u00df@ours.test");
    BOOST_TEST(typed("<any@stra\u00dfe.test>", "any@stra\u00dfe.test") == "none");
    BOOST_TEST(typed("<alice%ours.test@mx.test>", "alice@ours.test") == "none");
    BOOST_TEST(typed("<@relay.test:any@stra\u00dfe.test>", "any@strasse.test") == "none");
}

BOOST_AUTO_TEST_CASE(only_a_readable_foreign_domain_is_surely_not_ours) {
    PolicyConfig config;
    config.domains = {"ours.test"};
    const std::string name(300, 'a');
    BOOST_TEST(!may_be_ours("<" + name + "@theirs.test>", FakeMacros{}, config));
    BOOST_TEST(!may_be_ours("<" + name + "@theirs.test.>", FakeMacros{}, config));
    for (const std::string& text :
         {"<" + name + "@ours.test>", "<" + name + "@OURS.test.>", "<" + name + ">",
          "<" + name + "@>", "<" + name + "@our s.test>", std::string{}})
        BOOST_TEST(may_be_ours(text, FakeMacros{}, config), text);
    BOOST_TEST(may_be_ours("<" + name + "@theirs.test>", FakeMacros{}, PolicyConfig{}));
    const FakeMacros routed{{"{rcpt_addr}", name + "@ours.test"}};
    BOOST_TEST(may_be_ours("<" + name + "@theirs.test>", routed, config));
}

BOOST_AUTO_TEST_SUITE_END()
