#include "keyd/workers.hpp"

#include <atomic>
#include <latch>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(keyd_workers)

BOOST_AUTO_TEST_CASE(the_queue_has_an_end) {
    std::latch started{1};
    std::latch go_on{1};
    std::atomic<int> done{0};
    {
        Workers workers{1, 2};
        BOOST_TEST(workers.try_post([&] {
            started.count_down();
            go_on.wait();
            ++done;
        }));
        started.wait();
        BOOST_TEST(workers.try_post([&] { ++done; }));
        BOOST_TEST(workers.try_post([&] { ++done; }));
        BOOST_TEST(!workers.try_post([&] { ++done; }));
        go_on.count_down();
    }
    BOOST_TEST(done == 3);  // the destructor finishes what was accepted
}

BOOST_AUTO_TEST_SUITE_END()
