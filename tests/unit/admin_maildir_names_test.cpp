#include "admin/maildir_names.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(admin_maildir_names)

BOOST_AUTO_TEST_CASE(flags_and_sizes_are_not_part_of_the_unique_name) {
    for (const auto* name : {"1.a.host", "1.a.host:2,", "1.a.host:2,FRS", "1.a.host,S=12",
                             "1.a.host,S=12,W=14:2,S", "1.a.host,W=14:2,S"})
        BOOST_TEST(unique_name(name) == "1.a.host");
}

BOOST_AUTO_TEST_CASE(other_items_are) {
    BOOST_TEST(unique_name("1.a,S=x:2,") == "1.a,S=x");
    BOOST_TEST(unique_name("1.a,S=,W=1") == "1.a,S=");
    BOOST_TEST(unique_name("1.a,U=5,S=1,X=2:2,") == "1.a,U=5,X=2");
    BOOST_TEST(unique_name("S=1,S=2") == "S=1");
    BOOST_TEST(unique_name("a,,S=1,") == "a,,");
    BOOST_TEST(unique_name(",S=1") == ",S=1");
    BOOST_TEST(unique_name(":2,S") == ":2,S");
    BOOST_TEST(name_without_sizes(":2,S") == ":2,S");
}

BOOST_AUTO_TEST_CASE(a_name_for_another_content_keeps_its_flags) {
    BOOST_TEST(name_without_sizes("1.a,S=12,W=14:2,FS") == "1.a:2,FS");
    BOOST_TEST(name_without_sizes("1.a") == "1.a");
    BOOST_TEST(name_without_sizes("1.a,S=1:2,a,S=5") == "1.a:2,a,S=5");
}

BOOST_AUTO_TEST_SUITE_END()
