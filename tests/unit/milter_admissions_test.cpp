#include "milter/admissions.hpp"

#include <utility>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(milter_admissions)

BOOST_AUTO_TEST_CASE(no_more_messages_than_allowed_are_in_flight) {
    Admissions admissions{2, 100};
    auto first = admissions.admit();
    {
        const auto second = admissions.admit();
        BOOST_TEST(second.has_value());
        BOOST_TEST(!admissions.admit().has_value());
    }
    const auto third = admissions.admit();
    BOOST_TEST(third.has_value());
    const auto moved = std::move(*first);
    BOOST_TEST(!admissions.admit().has_value());
}

BOOST_AUTO_TEST_CASE(octets_are_counted_over_all_messages_and_given_back) {
    Admissions admissions{3, 100};
    auto first = admissions.admit();
    auto second = admissions.admit();
    BOOST_TEST(first->take(60));
    BOOST_TEST(!second->take(41));
    BOOST_TEST(second->take(40));
    BOOST_TEST(!first->take(1));
    second.reset();
    BOOST_TEST(first->take(40));
    first.reset();
    BOOST_TEST(admissions.admit()->take(100));
    BOOST_TEST(!admissions.admit()->take(101));
}

BOOST_AUTO_TEST_SUITE_END()
