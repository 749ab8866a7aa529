#include "keyd/event_brake.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(keyd_event_brake)

BOOST_AUTO_TEST_CASE(a_flood_is_cut_and_counted) {
    EventBrake brake{2};
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST((brake.pass(start) == 0U));
    BOOST_TEST((brake.pass(start) == 0U));
    for (int i = 0; i < 5; ++i) BOOST_TEST(!brake.pass(start + std::chrono::milliseconds{999}));
    BOOST_TEST((brake.pass(start + std::chrono::seconds{1}) == 5U));
    BOOST_TEST((brake.pass(start + std::chrono::seconds{1}) == 0U));
    BOOST_TEST(!brake.pass(start + std::chrono::seconds{1}));
}

BOOST_AUTO_TEST_SUITE_END()
