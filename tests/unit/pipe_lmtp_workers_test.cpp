#include "pipe/lmtp_tally.hpp"
#include "pipe/lmtp_workers.hpp"

#include <atomic>
#include <latch>
#include <set>

#include <boost/test/unit_test.hpp>

namespace maildircrypt::lmtp {

BOOST_AUTO_TEST_SUITE(lmtp_workers)

BOOST_AUTO_TEST_CASE(jobs_that_hang_do_not_hold_up_others_below_the_limit) {
    constexpr std::size_t limit = 8;
    std::latch release{1};
    std::latch done{1};
    Workers workers{limit};
    for (std::size_t i = 1; i < limit; ++i) workers.run([&] { release.wait(); });
    workers.run([&] { done.count_down(); });
    done.wait();
    release.count_down();
}

BOOST_AUTO_TEST_CASE(jobs_beyond_the_limit_wait_and_are_all_done_at_the_end) {
    std::atomic<int> done{0};
    std::atomic<int> at_once{0};
    std::atomic<int> most{0};
    {
        Workers workers{3};
        for (int i = 0; i < 200; ++i)
            workers.run([&] {
                const int now = ++at_once;
                for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                }
                --at_once;
                ++done;
            });
    }
    BOOST_TEST(done == 200);
    BOOST_TEST(most <= 3);
}

BOOST_AUTO_TEST_CASE(an_idle_thread_is_used_again) {
    std::mutex mutex;
    std::set<std::thread::id> threads;
    Workers workers{100};
    for (int i = 0; i < 50; ++i) {
        std::latch done{1};
        workers.run([&] {
            {
                const std::lock_guard guard{mutex};
                threads.insert(std::this_thread::get_id());
            }
            done.count_down();
        });
        done.wait();
    }
    BOOST_TEST(threads.size() < 50U);
}

BOOST_AUTO_TEST_CASE(a_tally_gives_no_more_places_than_it_has) {
    Tally tally{2};
    auto first = tally.take();
    {
        const auto second = tally.take();
        BOOST_TEST(second.has_value());
        BOOST_TEST(!tally.take().has_value());
    }
    BOOST_TEST(tally.used() == 1U);
    auto moved = std::move(*first);
    first.reset();
    BOOST_TEST(tally.used() == 1U);
    BOOST_TEST(tally.take().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
