#include "keyd/workers.hpp"

#include <atomic>
#include <latch>
#include <string>

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

BOOST_AUTO_TEST_CASE(urgent_jobs_go_first) {
    std::latch started{1};
    std::latch go_on{1};
    std::string order;
    {
        Workers workers{1, 10};
        BOOST_TEST(workers.try_post([&] {
            started.count_down();
            go_on.wait();
        }));
        started.wait();
        BOOST_TEST(workers.try_post([&] { order += 'b'; }));
        BOOST_TEST(workers.try_post([&] { order += 'c'; }));
        BOOST_TEST(workers.try_post([&] { order += 'a'; }, Workers::Urgency::urgent));
        go_on.count_down();
    }
    BOOST_TEST(order == "abc");
}

BOOST_AUTO_TEST_SUITE_END()
