#include "seal/ascii.hpp"
#include "seal/outer_fields.hpp"

#include <array>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

struct Row {
    std::string name;  ///< folded; a prefix without its `*`
    bool prefix = false;
    std::vector<std::string> places;  ///< minimal, standard, all
    std::string why;
};

std::string without_backslashes(std::string text) {
    std::erase(text, '\\');
    return text;
}

Row row_of(const std::string& line, std::istream& page) {
    Row row;
    std::size_t start = 0;
    for (std::size_t tab = line.find('\t'); tab != line.npos; tab = line.find('\t', start)) {
        row.places.push_back(line.substr(start, tab - start));
        start = tab + 1;
    }
    row.name = fold_ascii(without_backslashes(row.places.front()));
    row.places.erase(row.places.begin());
    row.prefix = row.name.ends_with('*');
    if (row.prefix) row.name.pop_back();
    std::getline(page, row.why);
    return row;
}

std::vector<Row> rows_of_man_page() {
    std::ifstream page{"seal/maildircrypt-message.5"};
    std::vector<Row> rows;
    for (std::string line; std::getline(page, line);)
        if (line.ends_with("\tT{")) rows.push_back(row_of(line, page));
    if (rows.empty()) throw std::runtime_error("the man page has no table");
    return rows;
}

constexpr std::array modes{OuterHeaders::minimal, OuterHeaders::standard, OuterHeaders::all};

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_outer_fields)

BOOST_AUTO_TEST_CASE(the_man_page_says_of_each_field_where_it_goes_and_why) {
    for (const Row& row : rows_of_man_page()) {
        const std::string example =
            row.name == "anything else" ? "x-anything" : row.name + (row.prefix ? "example" : "");
        BOOST_REQUIRE_MESSAGE(row.places.size() == modes.size(), row.name);
        for (std::size_t column = 0; column < modes.size(); ++column)
            BOOST_TEST(row.places[column] == (stays_outside(example, modes[column]) ? "out" : "in"),
                       row.name << " in column " << column);
        BOOST_TEST(row.why.size() > 5, row.name);
    }
}

BOOST_AUTO_TEST_CASE(the_man_page_has_every_field_once) {
    std::map<std::string, int> named;
    for (const Row& row : rows_of_man_page()) ++named[row.name + (row.prefix ? "*" : "")];
    for (const OuterFields& fields : outer_fields()) {
        const std::string name = std::string{fields.name} + (fields.prefix ? "*" : "");
        BOOST_TEST(named[name] == 1, name);
        named.erase(name);
    }
    BOOST_TEST(named.size() == 1U);
    BOOST_TEST(named["anything else"] == 1);
}

BOOST_AUTO_TEST_CASE(names_match_in_any_case_and_whole) {
    for (const auto* name : {"Received", "RETURN-PATH", "X-loop", "From", "List-Id", "list-POST",
                             "Resent-To", "Cc", "X-BeenThere"})
        for (const auto mode : modes) BOOST_TEST(stays_outside(name, mode), name);
    for (const auto* name : {"From-", "X-From", "Listing", "Maildircrypt-Recipe", "Bcc",
                             "Autocrypt", "Received-", "X-Private", ""}) {
        BOOST_TEST(!stays_outside(name, OuterHeaders::standard), name);
        BOOST_TEST(!stays_outside(name, OuterHeaders::minimal), name);
        BOOST_TEST(stays_outside(name, OuterHeaders::all), name);
    }
    for (const auto* name : {"DKIM-SIGNATURE", "arc-authentication-results", "Content-MD5",
                             "Mime-Version", "maildircrypt-provenance"})
        for (const auto mode : modes) BOOST_TEST(!stays_outside(name, mode), name);
}

BOOST_AUTO_TEST_CASE(each_mode_shows_no_less_than_the_one_before) {
    for (const OuterFields& fields : outer_fields()) {
        if (stays_outside(fields.name, OuterHeaders::minimal))
            BOOST_TEST(stays_outside(fields.name, OuterHeaders::standard), fields.name);
        if (stays_outside(fields.name, OuterHeaders::standard))
            BOOST_TEST(stays_outside(fields.name, OuterHeaders::all), fields.name);
    }
}

BOOST_AUTO_TEST_SUITE_END()
