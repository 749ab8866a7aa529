#include "milter/pool_patience.hpp"

#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <unistd.h>

using namespace maildircrypt;

namespace {

/// A worker thread of the pool, waiting until it is told of a connection.
class Worker {
public:
    Worker(std::mutex& lock, std::condition_variable& told) : lock_(lock), told_(told) {}
    ~Worker() {
        thread_.join();
        BOOST_TEST(result_ == 0);
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

private:
    void run() {
        timespec end{};
        ::clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += 60;
        std::unique_lock held{lock_};
        result_ = libmilter_cond_timedwait(told_.native_handle(), lock_.native_handle(), &end);
    }

    std::mutex& lock_;
    std::condition_variable& told_;
    int result_ = -1;
    std::thread thread_{[this] { run(); }};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_pool_patience)

/// The pool: its lock and what its workers wait for.
struct Pool {
    int tell() {
        const std::lock_guard held{lock};
        return libmilter_cond_signal(told.native_handle());
    }

    std::mutex lock;
    std::condition_variable told;
};

/// Both ends of a connection on which nothing is said.
struct Silence {
    Silence() { BOOST_TEST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0); }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    ~Silence() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    int ends[2];
};

BOOST_AUTO_TEST_CASE(who_is_patient_comes_back_for_a_connection_that_is_left_over) {
    Pool pool;
    Silence silence;
    pollfd connection{silence.ends[0], POLLIN, 0};
    BOOST_TEST(!one_is_left_over());
    // Two are told of, and no worker waits.
    BOOST_TEST(pool.tell() == 0);
    BOOST_TEST(pool.tell() == 0);
    BOOST_TEST(one_is_left_over());
    BOOST_TEST(await_command(connection) == 0);
    BOOST_TEST(one_is_left_over());
    BOOST_TEST(await_command(connection) == 0);
    BOOST_TEST(!one_is_left_over());
    BOOST_TEST(await_command(connection) == 0);  // its patience ends
}

BOOST_AUTO_TEST_CASE(a_command_comes_before_what_is_left_over) {
    Pool pool;
    Silence broken;
    BOOST_TEST_REQUIRE(::write(broken.ends[1], "x", 1) == 1);
    pollfd connection{broken.ends[0], POLLIN, 0};
    BOOST_TEST(pool.tell() == 0);
    BOOST_TEST(await_command(connection) == 1);
    BOOST_TEST(connection.revents == POLLIN);
    BOOST_TEST(one_is_left_over());
    pollfd nothing{-1, POLLIN, 0};
    BOOST_TEST(await_command(nothing) == 0);
    BOOST_TEST(!one_is_left_over());
}

BOOST_AUTO_TEST_CASE(a_worker_that_waits_is_woken_once) {
    Pool pool;
    BOOST_TEST(pool.tell() == 0);
    {
        // It has found none that is left over.
        const Worker worker{pool.lock, pool.told};
        while (one_is_left_over()) std::this_thread::yield();
        BOOST_TEST(pool.tell() == 0);
        BOOST_TEST(!one_is_left_over());
        // It is woken already, or gone.
        BOOST_TEST(pool.tell() == 0);
        BOOST_TEST(one_is_left_over());
    }
    const Worker next{pool.lock, pool.told};
    while (one_is_left_over()) std::this_thread::yield();
    BOOST_TEST(pool.tell() == 0);
    BOOST_TEST(!one_is_left_over());
}

BOOST_AUTO_TEST_SUITE_END()
