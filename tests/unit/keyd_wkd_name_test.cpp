#include "keyd/wkd_name.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(keyd_wkd_name)

BOOST_AUTO_TEST_CASE(names_are_those_of_the_draft_and_of_gpg) {
    BOOST_TEST(wkd_name("joe.doe").value() == "iy9q119eutrkn8s1mk4r39qejnbu3n5q");
    BOOST_TEST(wkd_name("Joe.Doe").value() == "iy9q119eutrkn8s1mk4r39qejnbu3n5q");
    BOOST_TEST(wkd_name("").value().size() == wkd_name_length);
}

BOOST_AUTO_TEST_CASE(only_ascii_letters_are_folded) {
    BOOST_TEST(wkd_name("\xc3\x84nn").value() != wkd_name("\xc3\xa4nn").value());
}

BOOST_AUTO_TEST_SUITE_END()
