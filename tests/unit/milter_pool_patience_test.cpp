#include "milter/pool_patience.hpp"

#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

/// A worker thread of the pool, waiting until it is told of a connection.
class Worker {
public:
    Worker(std::mutex& lock, std::condition_variable& told) : lock_(lock), told_(told) {}
    ~Worker() { thread_.join(); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

private:
    void run() {
        timespec end{};
        ::clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += 60;
        std::unique_lock held{lock_};
        BOOST_TEST(libmilter_cond_timedwait(told_.native_handle(), lock_.native_handle(), &end) ==
                   0);
    }

    std::mutex& lock_;
    std::condition_variable& told_;
    std::thread thread_{[this] { run(); }};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_pool_patience)

BOOST_AUTO_TEST_CASE(nobody_is_waited_for_long_while_a_connection_has_no_thread) {
    std::mutex lock;
    std::condition_variable told;
    const auto tell = [&] {
        const std::lock_guard held{lock};
        return libmilter_cond_signal(told.native_handle());
    };
    // No worker yet.
    BOOST_TEST(tell() == 0);
    BOOST_TEST(patience() == pool_patience);
    {
        // It begins to wait, which ends the haste, is told, and wakes up with or after the second
        // signal: that one finds it gone or taken.
        const Worker worker{lock, told};
        while (patience() == pool_patience) std::this_thread::yield();
        BOOST_TEST(tell() == 0);
        BOOST_TEST(patience() == own_patience);
        BOOST_TEST(tell() == 0);
        BOOST_TEST(patience() == pool_patience);
    }
    const Worker first{lock, told};
    while (patience() == pool_patience) std::this_thread::yield();
    BOOST_TEST(tell() == 0);
    BOOST_TEST(patience() == own_patience);
}

BOOST_AUTO_TEST_SUITE_END()
