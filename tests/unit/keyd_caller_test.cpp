#include "base/fd.hpp"
#include "keyd/caller.hpp"

#include <array>

#include <boost/test/unit_test.hpp>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace maildircrypt;

namespace {

Address address(const std::string& text) {
    return Address::parse(text).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_caller)

BOOST_AUTO_TEST_CASE(peers_are_who_they_are) {
    std::array<int, 2> ends{};
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const Fd one{ends[0]};
    const Fd other{ends[1]};
    const auto nobody = Administrators::of_group("no-such-group-here");
    BOOST_REQUIRE(nobody);
    BOOST_TEST(!nobody->has_group());
    const auto caller = nobody->identify(one.get());
    BOOST_REQUIRE(caller);
    BOOST_TEST(caller->uid == ::getuid());
    BOOST_TEST(caller->admin);  // whoever runs keyd, and root
    BOOST_TEST(!nobody->identify(-1));
}

BOOST_AUTO_TEST_CASE(users_own_their_name_in_the_configured_domains) {
    const passwd* daemon = ::getpwnam("daemon");
    BOOST_REQUIRE(daemon != nullptr);
    const uid_t uid = daemon->pw_uid;
    const auto ownership = Ownership::create({"Sealed.test", "example.org"}, "").value();
    BOOST_TEST(ownership.owns(uid, address("daemon@sealed.test")));
    BOOST_TEST(ownership.owns(uid, address("DAEMON@example.org")));
    BOOST_TEST(!ownership.owns(uid, address("daemon@elsewhere.test")));
    BOOST_TEST(!ownership.owns(uid, address("daemonx@sealed.test")));
    BOOST_TEST(!ownership.owns(uid, address("root@sealed.test")));
    BOOST_TEST(!ownership.owns(54321, address("daemon@sealed.test")));
    BOOST_TEST(!Ownership::create({}, "").value().owns(uid, address("daemon@sealed.test")));
}

BOOST_AUTO_TEST_CASE(the_map_adds_addresses) {
    const uid_t uid = ::getpwnam("daemon")->pw_uid;
    const auto map = Ownership::create({},
                                       "# who owns what\n\n daemon\tSales@sealed.test # shared\n"
                                       "bin sales@sealed.test\nghost ghost@sealed.test")
                         .value();
    BOOST_TEST(map.owns(uid, address("sales@sealed.test")));
    BOOST_TEST(map.owns(::getpwnam("bin")->pw_uid, address("sales@sealed.test")));
    BOOST_TEST(!map.owns(uid, address("ghost@sealed.test")));
    BOOST_TEST(!map.owns(uid, address("other@sealed.test")));
}

BOOST_AUTO_TEST_CASE(whoever_could_not_be_told_apart_owns_nothing) {
    const auto ownership = Ownership::create({"sealed.test"}, "nobody sales@sealed.test\n").value();
    BOOST_TEST(!ownership.owns(65534, address("nobody@sealed.test")));
    BOOST_TEST(!ownership.owns(65534, address("sales@sealed.test")));
}

BOOST_AUTO_TEST_CASE(bad_maps_and_domains_name_their_place) {
    BOOST_TEST(!Ownership::create({"a/b"}, ""));
    BOOST_TEST(!Ownership::create({""}, ""));
    for (const std::string line : {"ann", "ann x", "ann a@b.test more"}) {
        const auto refused = Ownership::create({}, "ann a@b.test\n" + line + "\n");
        BOOST_REQUIRE(!refused);
        BOOST_TEST((refused.error().what.find("line 2") != std::string::npos));
    }
}

BOOST_AUTO_TEST_SUITE_END()
