#include "pipe/maildir_template.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

Address address(const std::string& text) {
    auto parsed = Address::parse(text);
    BOOST_REQUIRE_MESSAGE(parsed, text);
    return *parsed;
}

/// The whole path, `|` before what is made; or the error in brackets.
std::string expand(const std::string& pattern, const std::string& recipient,
                   const std::string& delimiter = "") {
    const auto maildir = MaildirTemplate::parse(pattern);
    if (!maildir) return '[' + maildir.error().what + ']';
    const auto path = maildir->expand(address(recipient), delimiter);
    if (!path) {
        BOOST_TEST((path.error().fate == Fate::refuse));
        return '[' + path.error().what + ']';
    }
    std::string text = path->existing + '|';
    for (const auto& name : path->made) text += '/' + name;
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipe_maildir_template)

BOOST_AUTO_TEST_CASE(placeholders_stand_for_parts_of_the_address) {
    BOOST_TEST(expand("/var/mail/%d/%u/Maildir", "Bob@Example.ORG") ==
               "/var/mail|/example.org/bob/Maildir");
    BOOST_TEST(expand("/home/%u/Maildir", "bob@example.org") == "/home|/bob/Maildir");
    BOOST_TEST(expand("/srv/%a", "bob@example.org") == "/srv|/bob@example.org");
    BOOST_TEST(expand("/srv/x%u-%d%%", "bob@example.org") == "/srv|/xbob-example.org%");
    BOOST_TEST(expand("/100%%/%u", "bob@example.org") == "/100%|/bob");
    BOOST_TEST(expand("//srv///%u//", "bob@example.org") == "/srv|/bob");
    BOOST_TEST(expand("/%u", "bob@example.org") == "/|/bob");
    BOOST_TEST(expand("/srv/.%u", "bob@example.org") == "/srv|/.bob");
}

BOOST_AUTO_TEST_CASE(without_placeholders_only_the_last_component_is_made_and_links_are_followed) {
    BOOST_TEST(expand("/home/bob/Maildir", "bob@example.org") == "/home/bob|/Maildir");
    BOOST_TEST(expand("/Maildir", "bob@example.org") == "/|/Maildir");
    BOOST_TEST(MaildirTemplate::parse("/a/b")->expand(address("b@c.d"))->follow_links);
    BOOST_TEST(!MaildirTemplate::parse("/a/%u")->expand(address("b@c.d"))->follow_links);
    BOOST_TEST(!MaildirTemplate::parse("/a/%u/b")->expand(address("b@c.d"))->follow_links);
}

BOOST_AUTO_TEST_CASE(no_address_leads_out_of_the_template) {
    for (const char* hostile : {"a/b@d.test", "/etc@d.test", "\"../x\"@d.test", "\"..\"@d.test",
                                "\".\"@d.test", "\".hidden\"@d.test", "\"/\"@d.test",
                                "\"a/../../b\"@d.test", "\"\\/etc\"@d.test", "\"\\.\"@d.test"}) {
        for (const char* pattern : {"/var/mail/%u", "/var/mail/%d/%u/Maildir", "/var/mail/.%u"})
            BOOST_TEST(expand(pattern, hostile).front() == '[', hostile << " in " << pattern);
    }
    // With its quotes the local part of %a begins with no dot; a slash it may not have either.
    BOOST_TEST(expand("/srv/%a", "\"..\"@d.test") == "/srv|/\"..\"@d.test");
    BOOST_TEST(expand("/srv/%a", "\"../x\"@d.test").front() == '[');
}

BOOST_AUTO_TEST_CASE(what_only_looks_hostile_is_a_name_like_any_other) {
    BOOST_TEST(expand("/srv/%u", "\"$(id)\"@d.test") == "/srv|/$(id)");
    BOOST_TEST(expand("/srv/%u", "\"john doe\"@d.test") == "/srv|/john doe");
    BOOST_TEST(expand("/srv/%u", "\"a\\\"b\\\\c\"@d.test") == "/srv|/a\"b\\c");
    BOOST_TEST(expand("/srv/%u", "%u@d.test") == "/srv|/%u");
    BOOST_TEST(expand("/srv/%u",
                      "gr\xc3\xb6\xc3\x9f"
                      "e@d.test") ==
               "/srv|/gr\xc3\xb6\xc3\x9f"
               "e");
    BOOST_TEST(expand("/srv/%u", "\"a..b\"@d.test") == "/srv|/a..b");
    BOOST_TEST(expand("/srv/%u", "-rf@d.test") == "/srv|/-rf");
}

BOOST_AUTO_TEST_CASE(components_and_paths_that_no_file_system_takes_are_refused) {
    const std::string local(max_local_part, 'l');
    BOOST_TEST(
        expand("/srv/" + std::string(max_component - max_local_part, 'x') + "%u", local + "@d.test")
            .front() == '/');
    BOOST_TEST(expand("/srv/" + std::string(max_component - max_local_part + 1, 'x') + "%u",
                      local + "@d.test")
                   .front() == '[');
    std::string deep;
    for (int i = 0; i < 20; ++i) deep += "/" + std::string(199, 'd');
    BOOST_TEST(expand(deep + "/%u/" + std::string(max_path - 4000 - 3, 'm'), "u@d.test").front() ==
               '/');
    BOOST_TEST(expand(deep + "/%u/" + std::string(max_path - 4000 - 2, 'm'), "u@d.test").front() ==
               '[');
}

BOOST_AUTO_TEST_CASE(templates_that_cannot_be_meant_are_refused) {
    for (const std::string& pattern :
         {std::string{""}, std::string{"/"}, std::string{"//"}, std::string{"mail/%u"},
          std::string{"./%u"}, std::string{"~/Maildir"}, std::string{"/srv/../%u"},
          std::string{"/srv/./%u"}, std::string{"/srv/%u/.."}, std::string{"/srv/%x"},
          std::string{"/srv/%"}, std::string{"/srv/%U"}, std::string{"/srv/\0%u", 8},
          "/srv/" + std::string(max_component + 1, 'x')})
        BOOST_TEST(!MaildirTemplate::parse(pattern), pattern);
}

BOOST_AUTO_TEST_CASE(the_delimiter_cuts_the_local_part_but_never_to_nothing) {
    BOOST_TEST(expand("/srv/%u", "bob+shop@d.test", "+") == "/srv|/bob");
    BOOST_TEST(expand("/srv/%u", "bob-a+b@d.test", "+-") == "/srv|/bob");
    BOOST_TEST(expand("/srv/%a", "bob+shop@d.test", "+") == "/srv|/bob@d.test");
    BOOST_TEST(expand("/srv/%u", "+shop@d.test", "+") == "/srv|/+shop");
    BOOST_TEST(expand("/srv/%u", "bob+shop@d.test") == "/srv|/bob+shop");
    BOOST_TEST(expand("/srv/%u", "bob+a/b@d.test", "+") == "/srv|/bob");
}

BOOST_AUTO_TEST_SUITE_END()
