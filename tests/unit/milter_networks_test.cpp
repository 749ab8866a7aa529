#include "milter/networks.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(milter_networks)

BOOST_AUTO_TEST_CASE(an_address_lies_in_its_network_and_not_beside_it) {
    const auto networks =
        Networks::parse("10.0.0.0/8, 192.0.2.7 198.51.100.128/25,[2001:db8::]/33, ::1");
    BOOST_REQUIRE(networks);
    for (const char* inside : {"10.0.0.0", "10.255.255.255", "192.0.2.7", "198.51.100.128",
                               "2001:db8:7fff::1", "::1", "::ffff:10.1.2.3"})
        BOOST_TEST(networks->contains(inside), inside);
    for (const char* outside : {"9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8",
                                "198.51.100.127", "2001:db8:8000::", "::2", "::ffff:11.1.2.3",
                                "unknown", "", "10.0.0.1 ", "10.0.0", "10.0.0.1/8"})
        BOOST_TEST(!networks->contains(outside), outside);
}

BOOST_AUTO_TEST_CASE(the_whole_address_space_and_nothing_can_be_said) {
    BOOST_TEST(Networks::parse("0.0.0.0/0")->contains("203.0.113.9"));
    BOOST_TEST(!Networks::parse("0.0.0.0/0")->contains("2001:db8::1"));
    BOOST_TEST(Networks::parse("::/0")->contains("2001:db8::1"));
    BOOST_TEST(!Networks::parse("")->contains("127.0.0.1"));
}

BOOST_AUTO_TEST_CASE(what_is_not_understood_is_refused) {
    for (const char* wrong :
         {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.1/8", "::1/129",
          "localhost", "10.0.0.0/8/8", "10.0.0.256", "2001:db8::1/32", "[::1", "/8"})
        BOOST_TEST(!Networks::parse(wrong), wrong);
}

BOOST_AUTO_TEST_SUITE_END()
