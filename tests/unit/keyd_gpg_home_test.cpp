#include "keyd/gpg_home.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(keyd_gpg_home)

BOOST_AUTO_TEST_CASE(is_nobody_elses_and_leaves_nothing) {
    fs::path path;
    {
        const auto home = GpgHome::create("weak-digest SHA1\n");
        BOOST_REQUIRE(bool(home));
        path = home->path();
        BOOST_TEST((fs::status(path).permissions() == fs::perms::owner_all));
        BOOST_TEST(fs::file_size(path / "gpg.conf") > 0U);
        fs::create_directories(path / "deep" / "deeper");
        const auto file = home->put("certificate", "octets");
        BOOST_REQUIRE(bool(file));
        BOOST_TEST(fs::file_size(*file) == 6U);
        BOOST_TEST(!home->put("certificate", "again"));
    }
    BOOST_TEST(!fs::exists(path));
}

BOOST_AUTO_TEST_CASE(each_is_another) {
    const auto one = GpgHome::create();
    const auto other = GpgHome::create();
    BOOST_REQUIRE((one && other));
    BOOST_TEST(one->path() != other->path());
}

BOOST_AUTO_TEST_SUITE_END()
