#include "keyd/entry_name.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

std::string name_of(std::string_view text) {
    const auto name = EntryName::parse(text);
    return name ? name->text() : "refused";
}

EntryName of_address(std::string_view text) {
    return Address::parse(text).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_entry_name)

BOOST_AUTO_TEST_CASE(names_are_addresses_domains_and_recovery_certificates) {
    BOOST_TEST(name_of("Ann@Example.org") == "ann@example.org");
    BOOST_TEST(name_of("@Example.org.") == "@example.org");
    BOOST_TEST(name_of("recovery:Example.org") == "recovery:example.org");
    BOOST_TEST((EntryName::parse("ann@example.org").value().kind() == EntryKind::address));
    BOOST_TEST((EntryName::parse("@example.org").value().kind() == EntryKind::domain));
    BOOST_TEST((EntryName::parse("recovery:example.org").value().kind() == EntryKind::recovery));
    for (const char* text :
         {"ann@example.org", "@example.org", "recovery:example.org", "\"recovery:@\"@example.org"})
        BOOST_TEST(EntryName::parse(text).value().domain() == "example.org", text);
    BOOST_TEST((of_address("\"recovery:x\"@example.org").kind() == EntryKind::address));
}

BOOST_AUTO_TEST_CASE(what_names_nothing_is_refused) {
    for (const char* text : {"", "@", "ann", "@a/b", "@..", "recovery:", "recovery:a b", "@a@b",
                             "recovery:ann@example.org", "example.org"})
        BOOST_TEST(name_of(text) == "refused", text);
}

BOOST_AUTO_TEST_CASE(both_forms_of_a_domain_are_one_name) {
    const EntryName ace = of_address("ann@xn--bcher-kva.example");
    for (const char* text :
         {"ann@b\u00fccher.example", "ANN@B\u00dcCHER.Example", "ann@bu\u0308cher.example",
          "ann@XN--BCHER-KVA.example", "ann@b\u00fccher.example."})
        BOOST_TEST(of_address(text).text() == ace.text(), text);
    BOOST_TEST(EntryName::whole_domain("b\u00fccher.example").text() == "@xn--bcher-kva.example");
    BOOST_TEST(EntryName::recovery("b\u00fccher.example").text() ==
               "recovery:xn--bcher-kva.example");
    // Sharp s is a letter of its own (non-transitional), not ss.
    BOOST_TEST(of_address("a@stra\u00dfe.example").text() == "a@xn--strae-oqa.example");
    BOOST_TEST(of_address("a@strasse.example").text() == "a@strasse.example");
}

BOOST_AUTO_TEST_CASE(all_spellings_of_a_local_part_are_one_name) {
    for (const char* text : {"J\u00f6rg@example.org", "J\u00d6RG@example.org",
                             "jo\u0308rg@example.org", "\"J\u00d6RG\"@Example.org"})
        BOOST_TEST(of_address(text).text() == "j\u00f6rg@example.org", text);
    BOOST_TEST(of_address("jorg@example.org").text() != "j\u00f6rg@example.org");
    BOOST_TEST(name_of("STRA\u00dfE@example.org") == "strasse@example.org");
    BOOST_TEST(of_address("\"ann\"@example.org").text() == "ann@example.org");
    BOOST_TEST(of_address("\"Ann Smith\"@example.org").text() == "\"ann smith\"@example.org");
}

BOOST_AUTO_TEST_CASE(what_is_no_domain_name_stays_as_it_is) {
    BOOST_TEST(of_address("a@[192.0.2.1]").text() == "a@[192.0.2.1]");
    const std::string too_long(64, 'x');  // a label has at most 63 octets
    BOOST_TEST(of_address("a@" + too_long + "\u00fc.example").text() ==
               "a@" + too_long + "\u00fc.example");
    BOOST_TEST(of_address("a@\xff.example").text() == "a@\xff.example");
}

BOOST_AUTO_TEST_SUITE_END()
