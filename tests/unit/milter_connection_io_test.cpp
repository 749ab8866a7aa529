#include "base/fd.hpp"
#include "milter/connection_io.hpp"
#include "milter/pool_patience.hpp"

#include <array>
#include <cerrno>
#include <iostream>
#include <string>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace maildircrypt;

namespace {

/// The MTA's end of a connection and libmilter's.
class Connection {
public:
    Connection() {
        int ends[2];
        BOOST_TEST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        mta_ = Fd{ends[0]};
        own_ = ends[1];
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
        if (own_ >= 0) close();
    }

    int own() const { return own_; }
    void say(const std::string& text) {
        BOOST_TEST_REQUIRE(::send(mta_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                           static_cast<ssize_t>(text.size()));
    }
    void hang_up() { mta_ = Fd{}; }
    void close() {
        BOOST_TEST(libmilter_close(own_) == 0);
        own_ = -1;
    }
    std::string read(std::size_t size) {
        std::string text(size, '\0');
        const ssize_t count = libmilter_read(own_, text.data(), size);
        BOOST_TEST_REQUIRE(count >= 0);
        text.resize(static_cast<std::size_t>(count));
        return text;
    }
    /// Without waiting.
    bool is_ready() {
        pollfd watched{own_, POLLIN, 0};
        const int ready = libmilter_poll(&watched, 1, 0);
        BOOST_TEST(ready == ((watched.revents & POLLIN) != 0 ? 1 : 0));
        return ready == 1;
    }
    int left_in_the_socket() const {
        int octets = -1;
        BOOST_TEST_REQUIRE(::ioctl(own_, FIONREAD, &octets) == 0);
        return octets;
    }

private:
    Fd mta_;
    int own_ = -1;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_connection_io)

BOOST_AUTO_TEST_CASE(what_has_come_is_taken_at_once_and_given_as_asked_for) {
    Connection connection;
    connection.say("onetwothree");
    BOOST_TEST(connection.is_ready());
    BOOST_TEST(connection.read(3) == "one");
    BOOST_TEST(connection.left_in_the_socket() == 0);
    BOOST_TEST(connection.is_ready());
    BOOST_TEST(connection.read(3) == "two");
    BOOST_TEST(connection.read(100) == "three");
    BOOST_TEST(!connection.is_ready());
    connection.say("four");
    BOOST_TEST(connection.is_ready());
    BOOST_TEST(connection.read(100) == "four");
}

BOOST_AUTO_TEST_CASE(more_than_is_held_comes_in_order) {
    Connection connection;
    std::string sent;
    for (int i = 0; sent.size() < 3 * read_ahead_octets; ++i) sent += std::to_string(i) + ' ';
    connection.say(sent);
    connection.hang_up();
    std::string got;
    // The sizes around the edge at which reading goes past what is held.
    for (const std::size_t size : {std::size_t{5}, read_ahead_octets - 1, read_ahead_octets,
                                   read_ahead_octets + 1, read_ahead_octets * 3}) {
        got += connection.read(size);
        BOOST_TEST(got == sent.substr(0, got.size()));
    }
    while (got.size() < sent.size()) {
        const std::string piece = connection.read(1000);
        BOOST_TEST_REQUIRE(!piece.empty());
        got += piece;
    }
    BOOST_TEST(got == sent);
    BOOST_TEST(connection.is_ready());  // its end
    BOOST_TEST(connection.read(5) == "");
    BOOST_TEST(connection.read(5) == "");
}

BOOST_AUTO_TEST_CASE(what_is_held_comes_before_the_end) {
    Connection connection;
    connection.say("the last words");
    connection.hang_up();
    BOOST_TEST(connection.read(4) == "the ");
    BOOST_TEST(connection.read(100) == "last words");
    BOOST_TEST(connection.read(100) == "");
}

BOOST_AUTO_TEST_CASE(a_poll_of_several_looks_at_the_sockets_alone) {
    Connection held;
    Connection fresh;
    held.say("ab");
    BOOST_TEST(held.read(1) == "a");
    fresh.say("c");
    std::array<pollfd, 2> watched{{{held.own(), POLLIN, 0}, {fresh.own(), POLLIN, 0}}};
    BOOST_TEST(libmilter_poll(watched.data(), watched.size(), -1) == 1);
    BOOST_TEST(watched[0].revents == 0);
    BOOST_TEST(watched[1].revents == POLLIN);
}

BOOST_AUTO_TEST_CASE(a_poll_for_writing_is_a_poll_for_writing) {
    Connection connection;
    connection.say("ab");
    BOOST_TEST(connection.read(1) == "a");
    pollfd watched{connection.own(), POLLOUT, 0};
    BOOST_TEST(libmilter_poll(&watched, 1, -1) == 1);
    BOOST_TEST(watched.revents == POLLOUT);
}

BOOST_AUTO_TEST_CASE(the_next_command_is_waited_for_and_given_up) {
    Connection connection;
    pollfd watched{connection.own(), POLLIN, 0};
    BOOST_TEST(libmilter_poll(&watched, 1, pool_patience) == 0);
    BOOST_TEST(watched.revents == 0);
    connection.say("x");
    BOOST_TEST(libmilter_poll(&watched, 1, pool_patience) == 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_left_for_the_next_with_the_same_descriptor) {
    Connection first;
    Connection second;
    const int number = first.own();
    first.say("secret of the first");
    BOOST_TEST(first.read(1) == "s");
    first.close();
    BOOST_TEST_REQUIRE(::dup2(second.own(), number) == number);
    pollfd watched{number, POLLIN, 0};
    BOOST_TEST(libmilter_poll(&watched, 1, 0) == 0);
    second.say("second");
    std::array<char, 10> text{};
    BOOST_TEST(libmilter_read(number, text.data(), text.size()) == 6);
    BOOST_TEST(text.data() == "second");
    BOOST_TEST(libmilter_close(number) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_is_read_as_usual) {
    int ends[2];
    BOOST_TEST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const Fd writer{ends[1]};
    BOOST_TEST_REQUIRE(::write(writer.get(), "ZZZ", 3) == 3);
    std::array<char, 256> text{};
    BOOST_TEST(libmilter_read(ends[0], text.data(), 2) == 2);
    BOOST_TEST(libmilter_read(ends[0], text.data(), text.size()) == 1);
    BOOST_TEST(libmilter_close(ends[0]) == 0);
}

BOOST_AUTO_TEST_CASE(a_read_that_finds_nothing_waits) {
    Connection connection;
    // The reader may come first or last: either way it gets the octets.
    std::thread mta{[&] { connection.say("late"); }};
    BOOST_TEST(connection.read(100) == "late");
    mta.join();
}

BOOST_AUTO_TEST_CASE(errors_are_those_of_the_system) {
    char octet = 0;
    BOOST_TEST(libmilter_read(-1, &octet, 1) == -1);
    BOOST_TEST(errno == EBADF);
    BOOST_TEST(libmilter_close(-1) == -1);
    BOOST_TEST(errno == EBADF);
    pollfd watched{-1, POLLIN, 0};
    BOOST_TEST(libmilter_poll(&watched, 1, 0) == 0);
}

BOOST_AUTO_TEST_CASE(a_descriptor_beyond_the_last_place_is_read_without) {
    rlimit old{};
    BOOST_TEST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
    if (old.rlim_max <= static_cast<rlim_t>(read_ahead_descriptors)) {
        std::cout << "SKIP descriptors: no more than " << old.rlim_max << " are allowed\n";
        return;
    }
    const rlimit high{static_cast<rlim_t>(read_ahead_descriptors) + 1, old.rlim_max};
    BOOST_TEST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &high) == 0);
    for (const int number : {read_ahead_descriptors - 1, read_ahead_descriptors}) {
        Connection connection;
        BOOST_TEST_REQUIRE(::dup2(connection.own(), number) == number);
        connection.say("abc");
        char octet = 0;
        BOOST_TEST(libmilter_read(number, &octet, 1) == 1);
        BOOST_TEST(connection.left_in_the_socket() == (number < read_ahead_descriptors ? 0 : 2));
        BOOST_TEST(libmilter_close(number) == 0);
    }
    BOOST_TEST(::setrlimit(RLIMIT_NOFILE, &old) == 0);
}

BOOST_AUTO_TEST_CASE(a_checked_call_is_the_same_call) {
    Connection connection;
    connection.say("abc");
    pollfd watched{connection.own(), POLLIN, 0};
    BOOST_TEST(libmilter_poll_chk(&watched, 1, -1, sizeof watched) == 1);
    std::array<char, 2> text{};
    BOOST_TEST(libmilter_read_chk(connection.own(), text.data(), 2, text.size()) == 2);
    BOOST_TEST(connection.left_in_the_socket() == 0);
    BOOST_TEST(connection.read(5) == "c");
}

BOOST_AUTO_TEST_SUITE_END()
