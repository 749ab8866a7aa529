#include "pipe/lmtp_endpoint.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

namespace maildircrypt::lmtp {

BOOST_AUTO_TEST_SUITE(lmtp_endpoint)

BOOST_AUTO_TEST_CASE(sockets_are_named_by_path_or_by_host_and_port) {
    BOOST_TEST(parse_endpoint("unix:/run/x")->path == "/run/x");
    BOOST_TEST(parse_endpoint("inet:localhost:2424")->host == "localhost");
    BOOST_TEST(parse_endpoint("inet:127.0.0.1:24")->port == "24");
    BOOST_TEST(parse_endpoint("inet:[::1]:24")->host == "::1");
}

BOOST_AUTO_TEST_CASE(what_names_no_socket_is_refused) {
    for (const char* text : {"", "/run/x", "unix:", "unix:x", "inet:", "inet:host",
                             "inet:host:", "inet::24", "inet:host:x", "inet:host:123456",
                             "inet:::1:24", "inet:[]:24", "tcp:host:24", "inet:host:25"})
        BOOST_TEST(!bool(parse_endpoint(text)), text);
    BOOST_TEST(bool(parse_endpoint("unix:/" + std::string(106, 'x'))));
    BOOST_TEST(!bool(parse_endpoint("unix:/" + std::string(107, 'x'))));
}

BOOST_AUTO_TEST_CASE(nobody_there_is_an_error_to_try_again) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    const auto fd = connect_to(*parse_endpoint("unix:/nonexistent/socket"), deadline);
    BOOST_REQUIRE(!bool(fd));
    BOOST_TEST((fd.error().fate == Fate::retry));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
