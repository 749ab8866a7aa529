#include "keyd/gpg_home.hpp"
#include "keyd/validator.hpp"
#include "tests/unit/support/gpg_keyring.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

using namespace maildircrypt;
using namespace maildircrypt::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A directory with a program in it that is called gpg.
struct FakeGpg {
    explicit FakeGpg(const std::string& text) {
        const auto path = home->put("gpg",
                                    "#!/bin/sh\n"
                                    "case \"$*\" in *--version*) echo 'gpg (GnuPG) 2.2.40'; "
                                    "exit 0;; esac\n" +
                                        text + "\n");
        ::chmod(path->c_str(), 0700);
        options.path = home->path() + ":/usr/bin:/bin";
    }
    Result<KeyListing> list() const { return list_with_gpg(as_octets("octets"), options); }

    Result<GpgHome> home = GpgHome::create();
    ValidatorOptions options;
};

std::string retry_of(const Result<KeyListing>& listing) {
    BOOST_REQUIRE(!listing);
    BOOST_TEST((listing.error().fate == Fate::retry));
    return listing.error().what;
}

/// Colon-separated lines of a listing.
constexpr char one_key[] =
    "echo pub:-:255:22:1111111111111111:1700000000:::-:::scESC::::::23::0:; "
    "echo fpr:::::::::1111111111111111111111111111111111111111:; ";

/// Has temporary files made in a place where nobody else makes any.
class PlaceForHomes {
public:
    PlaceForHomes() { ::setenv("TMPDIR", (place_ / "").c_str(), 1); }
    ~PlaceForHomes() {
        if (before_.empty())
            ::unsetenv("TMPDIR");
        else
            ::setenv("TMPDIR", before_.c_str(), 1);
    }
    PlaceForHomes(const PlaceForHomes&) = delete;
    PlaceForHomes& operator=(const PlaceForHomes&) = delete;

    std::size_t count() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator{place_ / ""}, fs::directory_iterator{}));
    }

private:
    std::string before_ = [] {
        const char* value = std::getenv("TMPDIR");
        return std::string{value == nullptr ? "" : value};
    }();
    TemporaryDirectory place_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_validator)

BOOST_AUTO_TEST_CASE(lists_what_gpg_finds_valid) {
    const GpgKeyring keyring;
    keyring.generate("Alice <alice@example.org>", "ed25519", "2y");
    keyring.add_subkey("alice@example.org");
    const auto listing = list_with_gpg(as_octets(keyring.export_binary()));
    BOOST_REQUIRE(bool(listing));
    BOOST_REQUIRE(listing->keys.size() == 2U);
    BOOST_TEST(to_hex(listing->keys[0].fingerprint) == keyring.fingerprint("alice@example.org"));
    BOOST_TEST(!listing->keys[0].can_encrypt);
    BOOST_TEST(listing->keys[0].expires > listing->keys[0].created);
    BOOST_TEST(listing->keys[1].can_encrypt);
    BOOST_TEST(listing->keys[1].expires == 0);
    BOOST_REQUIRE(listing->user_ids.size() == 1U);
    BOOST_TEST(listing->user_ids[0].text == "Alice <alice@example.org>");
}

BOOST_AUTO_TEST_CASE(octets_that_gpg_cannot_read_are_no_verdict) {
    for (const char* octets : {"", "nonsense"})
        BOOST_TEST(retry_of(list_with_gpg(as_octets(octets))) == "gpg ended with status 2");
}

BOOST_AUTO_TEST_CASE(a_gpg_that_works_is_believed) {
    const auto listing = FakeGpg{one_key}.list();
    BOOST_REQUIRE(bool(listing));
    BOOST_TEST(listing->keys.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_gpg_that_hangs_is_ended) {
    FakeGpg gpg{std::string{one_key} + "sleep 1000"};
    gpg.options.deadline = 500ms;
    BOOST_TEST(retry_of(gpg.list()).find("not at its end in time") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_gpg_that_is_killed_says_nothing) {
    const FakeGpg gpg{std::string{one_key} + "kill -KILL $$"};
    BOOST_TEST(retry_of(gpg.list()) == "gpg was ended by signal 9");
}

BOOST_AUTO_TEST_CASE(gpg_runs_under_limits) {
    const FakeGpg gpg{
        "test $(ulimit -t) = 5 && test $(ulimit -n) = 64 && test $(ulimit -c) = 0 || exit 1\n"
#ifndef __SANITIZE_ADDRESS__
        "test $(ulimit -v) = 262144 || exit 1\n"
#endif
        "test \"$(cat /proc/self/limits | grep -c 'Max file size *1048576 *1048576')\" = 1 || exit "
        "1\n" +
        std::string{one_key}};
    const auto listing = gpg.list();
    BOOST_REQUIRE(bool(listing));
    BOOST_TEST(listing->keys.size() == 1U);
}

BOOST_AUTO_TEST_CASE(gpg_gets_a_home_and_an_environment_of_its_own) {
    const FakeGpg gpg{
        "test -f $GNUPGHOME/gpg.conf && test $HOME = $GNUPGHOME && test -z \"$DISPLAY$USER\" || "
        "exit "
        "1\n" +
        std::string{one_key}};
    ::setenv("USER", "somebody", 1);
    const auto listing = gpg.list();
    BOOST_REQUIRE(bool(listing));
    BOOST_TEST(listing->keys.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_gpg_that_burns_time_is_ended) {
    FakeGpg gpg{"while :; do :; done"};
    gpg.options.deadline = 120s;  // of a busy machine; the limit is one of processor time
    BOOST_TEST(retry_of(gpg.list()).find("signal") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_gpg_that_floods_is_ended) {
    for (const char* flood :
         {"exec yes pub:-:255:22:1111111111111111:1700000000:::-:::scESC::::::23::0:",
          "exec cat /dev/zero"}) {
        FakeGpg gpg{one_key + std::string{flood}};
        gpg.options.deadline = 5s;
        BOOST_TEST(!retry_of(gpg.list()).empty());
    }
}

BOOST_AUTO_TEST_CASE(no_gpg_is_no_verdict) {
    ValidatorOptions options;
    options.path = "/nonexistent";
    BOOST_TEST(!retry_of(list_with_gpg(as_octets("octets"), options)).empty());
}

BOOST_AUTO_TEST_CASE(no_home_stays_behind) {
    const PlaceForHomes homes;
    FakeGpg hanging{"sleep 1000"};
    hanging.options.deadline = 100ms;
    BOOST_TEST(homes.count() == 1);  // the one of the fake gpg
    BOOST_TEST(!hanging.list());
    BOOST_TEST(!FakeGpg{"kill -KILL $$"}.list());
    BOOST_TEST(!list_with_gpg(as_octets("nonsense")));
    BOOST_TEST(homes.count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
