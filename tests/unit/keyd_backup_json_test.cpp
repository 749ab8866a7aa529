#include "keyd/backup_json.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(keyd_backup_json)

/// As an older keyd wrote it, to which they were several.
BOOST_AUTO_TEST_CASE(names_are_read_in_todays_form) {
    const auto entry = read_entry({{"name", "J\u00dcRGEN@x.test"},
                                   {"version", 3U},
                                   {"certificates", nlohmann::json::array()},
                                   {"recognise", nlohmann::json::array()},
                                   {"lost", nlohmann::json::array()},
                                   {"targets", {"STRASSE@x.test", "stra\u00dfe@x.test"}}})
                           .value();
    BOOST_TEST(entry.name.text() == "j\u00fcrgen@x.test");
    BOOST_REQUIRE(entry.binding.targets.size() == 1U);
    BOOST_TEST(entry.binding.targets[0].text() == "strasse@x.test");
}

BOOST_AUTO_TEST_SUITE_END()
