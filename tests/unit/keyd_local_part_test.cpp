#include "keyd/entry_name.hpp"
#include "keyd/local_part.hpp"
#include "seal/address.hpp"

#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

/// RFC 3629 §3.
std::string utf8(std::uint32_t letter) {
    const auto octet = [](std::uint32_t value) { return static_cast<char>(value); };
    const auto tail = [&](unsigned shift) { return octet(0x80 | (letter >> shift & 0x3f)); };
    if (letter < 0x80) return {octet(letter)};
    if (letter < 0x800) return {octet(0xc0 | letter >> 6), tail(0)};
    if (letter < 0x10000) return {octet(0xe0 | letter >> 12), tail(6), tail(0)};
    return {octet(0xf0 | letter >> 18), tail(12), tail(6), tail(0)};
}

std::string repeated(const std::string& text, std::size_t count) {
    std::string all;
    while (count-- > 0) all += text;
    return all;
}

std::string name_of(const std::string& local) {
    return EntryName{Address::parse(local + "@x.test").value()}.text();
}

void check_all_are(const std::string& canonical, const std::vector<std::string>& spellings) {
    for (const auto& spelling : spellings)
        BOOST_TEST(canonical_local_part(spelling) == canonical, spelling);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_local_part)

BOOST_AUTO_TEST_CASE(upper_case_beyond_ascii_is_folded) {
    check_all_are("j\u00fcrgen", {"j\u00fcrgen", "j\u00dcrgen", "ju\u0308rgen", "jU\u0308rgen"});
    check_all_are("\u0438\u0432\u0430\u043d",
                  {"\u0418\u0412\u0410\u041d", "\u0438\u0432\u0430\u043d"});
    check_all_are("\u10d0\u10d1", {"\u1c90\u1c91", "\u10d0\u10d1"});  // Georgian
    check_all_are("\u13a0\u13f0", {"\uab70\u13f8", "\u13a0\u13f0"});  // Cherokee: to upper case
    check_all_are("\U00010428", {"\U00010400"});                      // Deseret, beyond the BMP
}

BOOST_AUTO_TEST_CASE(full_folding_makes_several_letters_of_one) {
    check_all_are("strasse", {"stra\u00dfe", "stra\u1e9ee"});
    check_all_are("office", {"o\ufb03ce"});
    check_all_are("\u03bf\u03b4\u03bf\u03c3",
                  {"\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2"});
    // As no language in particular: Turkish letters stay letters of their own.
    check_all_are("i\u0307zmir", {"\u0130zmir", "i\u0307zmir"});
    check_all_are("\u0131zmir", {"\u0131zmir"});
    check_all_are("kelvin", {"\u212aelvin"});
    BOOST_TEST(canonical_local_part("\u1f88") == canonical_local_part("\u1f00\u03b9"));
}

BOOST_AUTO_TEST_CASE(ascii_is_the_callers) {
    for (const char* local : {"ann", "\"ann smith\"", "ANN"})
        BOOST_TEST(canonical_local_part(local) == local);
}

BOOST_AUTO_TEST_CASE(letters_that_unicode_does_not_have_stay) {
    for (const std::uint32_t letter : {0x0378U, 0x2fe0U, 0xfffeU, 0xe000U, 0x10ffffU, 0xe0fffU})
        BOOST_TEST(canonical_local_part(utf8(letter)) == utf8(letter), letter);
}

BOOST_AUTO_TEST_CASE(what_is_no_utf8_is_compared_octet_by_octet) {
    for (const char* local : {"j\xfcrgen", "\xc3", "\xc3\x9c\xff", "\xed\xa0\x80", "\xc0\xaf",
                              "\xf4\x90\x80\x80", "\xef\xbf"})
        BOOST_TEST(canonical_local_part(local) == local);
}

BOOST_AUTO_TEST_CASE(quotes_stand_where_the_folded_name_needs_them) {
    BOOST_TEST(canonical_local_part("\"j\u00dcrgen \\\" x\"") == "\"j\u00fcrgen \\\" x\"");
    // The Greek question mark is composed to a semicolon, less-than with a stroke to one letter.
    BOOST_TEST(canonical_local_part("a\u037e") == "\"a;\"");
    BOOST_TEST(canonical_local_part("\"a<\u0338\"") == "a\u226e");
    BOOST_TEST(name_of("\"<\u0338\"") == name_of("\u226e"));
}

BOOST_AUTO_TEST_CASE(folding_again_changes_nothing_and_the_bound_of_growth_holds) {
    for (std::uint32_t letter = 0x80; letter < 0x20000; ++letter) {
        if (letter >= 0xd800 && letter < 0xe000) continue;
        const std::string text = utf8(letter);
        const std::string once = canonical_local_part(text);
        if (canonical_local_part(once) != once) BOOST_ERROR("not stable: " << letter);
        if (unquoted(once).size() > max_folding_growth * text.size())
            BOOST_ERROR("grows too much: " << letter);
    }
}

BOOST_AUTO_TEST_CASE(a_name_may_be_longer_than_the_address_it_was_made_of) {
    const std::string notes = repeated("\U0001d160", 16);  // three letters each when decomposed
    const EntryName name{Address::parse(notes + "@x.test").value()};
    BOOST_TEST(name.text().size() == 3 * 64 + std::string_view{"@x.test"}.size());
    BOOST_TEST((EntryName::parse(name.text()).value() == name));
    BOOST_TEST((EntryName{name.address().value()} == name));
    // Every spelling that an address has room for is found, however long the name is.
    const std::string upper = "\u023a";  // 2 octets, and 3 in lower case
    BOOST_TEST(name_of(repeated(upper, 31)) == name_of(repeated(upper, 30) + "\u2c65"));
}

BOOST_AUTO_TEST_SUITE_END()
