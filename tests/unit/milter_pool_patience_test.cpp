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

/// The pool: its lock and what its workers wait for.
struct Pool {
    int tell() {
        const std::lock_guard held{lock};
        return libmilter_cond_signal(told.native_handle());
    }

    std::mutex lock;
    std::condition_variable told;
};

/// A worker thread of the pool, waiting until it is told of a connection.
class Worker {
public:
    explicit Worker(Pool& pool) : pool_(pool) {}
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
        const std::lock_guard held{pool_.lock};
        result_ =
            libmilter_cond_timedwait(pool_.told.native_handle(), pool_.lock.native_handle(), &end);
    }

    Pool& pool_;
    int result_ = -1;
    std::thread thread_{[this] { run(); }};
};

/// Both ends of a connection on which nothing is said yet.
struct Line {
    Line() { BOOST_TEST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    ~Line() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    int ends[2];
};

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_pool_patience)

BOOST_AUTO_TEST_CASE(who_is_patient_comes_back_for_a_connection_that_is_left_over) {
    Pool pool;
    Line line;
    pollfd connection{line.ends[0], POLLIN, 0};
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
    Line line;
    BOOST_TEST_REQUIRE(::write(line.ends[1], "x", 1) == 1);
    pollfd connection{line.ends[0], POLLIN, 0};
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
        const Worker worker{pool};
        while (one_is_left_over()) std::this_thread::yield();
        BOOST_TEST(pool.tell() == 0);
        BOOST_TEST(!one_is_left_over());
        // It is woken already, or gone.
        BOOST_TEST(pool.tell() == 0);
        BOOST_TEST(one_is_left_over());
    }
    const Worker next{pool};
    while (one_is_left_over()) std::this_thread::yield();
    BOOST_TEST(pool.tell() == 0);
    BOOST_TEST(!one_is_left_over());
}

BOOST_AUTO_TEST_SUITE_END()
