#include "pipe/maildir.hpp"
#include "tests/lib/scratch.hpp"

#include <cerrno>
#include <filesystem>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
namespace fs = std::filesystem;

namespace {

const std::set<std::string> parts{"cur", "new", "tmp"};

MaildirPath below(const ScratchDirectory& scratch, std::vector<std::string> made,
                  bool follow_links = false) {
    return {scratch.path(), std::move(made), follow_links};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipe_maildir)

BOOST_AUTO_TEST_CASE(makes_every_missing_level_for_its_owner_alone) {
    ScratchDirectory scratch;
    BOOST_TEST(bool(Maildir::open(below(scratch, {"d.test", "bob", "Maildir"}))));
    BOOST_TEST((names_in(scratch / "d.test/bob/Maildir") == parts));
    for (const char* made : {"d.test", "d.test/bob", "d.test/bob/Maildir", "d.test/bob/Maildir/tmp",
                             "d.test/bob/Maildir/new", "d.test/bob/Maildir/cur"})
        BOOST_TEST((fs::status(scratch / made).permissions() == fs::perms::owner_all), made);
    BOOST_TEST(bool(Maildir::open(below(scratch, {"d.test", "bob", "Maildir"}))));
}

BOOST_AUTO_TEST_CASE(makes_only_what_is_missing_of_a_maildir) {
    ScratchDirectory scratch;
    fs::create_directories(scratch / "Maildir/new");
    fs::permissions(scratch / "Maildir/new", fs::perms::all);
    BOOST_TEST(bool(Maildir::open(below(scratch, {"Maildir"}))));
    BOOST_TEST((names_in(scratch / "Maildir") == parts));
    BOOST_TEST((fs::status(scratch / "Maildir/new").permissions() == fs::perms::all));
}

BOOST_AUTO_TEST_CASE(what_must_exist_is_not_made) {
    ScratchDirectory scratch;
    BOOST_TEST(!Maildir::open({scratch / "not-mounted", {"bob"}, false}));
    BOOST_TEST(names_in(scratch.path()).empty());
}

BOOST_AUTO_TEST_CASE(links_below_what_must_exist_lead_nowhere) {
    ScratchDirectory scratch;
    ScratchDirectory elsewhere;
    BOOST_REQUIRE(Maildir::open(below(elsewhere, {"Maildir"})));
    fs::create_directory_symlink(elsewhere.path(), scratch / "bob");
    fs::create_directory(scratch / "eve");
    fs::create_directory_symlink(elsewhere / "Maildir", scratch / "eve/Maildir");
    BOOST_TEST(!Maildir::open(below(scratch, {"bob", "Maildir"})));
    BOOST_TEST(!Maildir::open(below(scratch, {"eve", "Maildir"})));
    BOOST_TEST(bool(Maildir::open(below(scratch, {"bob", "Maildir"}, true))));
}

BOOST_AUTO_TEST_CASE(tmp_and_new_are_never_links) {
    ScratchDirectory scratch;
    ScratchDirectory elsewhere;
    for (const char* part : {"new", "tmp"}) {
        const std::string maildir = std::string{"with-linked-"} + part;
        BOOST_REQUIRE(Maildir::open(below(scratch, {maildir}, true)));
        fs::remove(scratch / (maildir + '/' + part));
        fs::create_directory_symlink(elsewhere.path(), scratch / (maildir + '/' + part));
        BOOST_TEST(!Maildir::open(below(scratch, {maildir}, true)), part);
    }
}

BOOST_AUTO_TEST_CASE(a_file_in_the_way_is_an_error) {
    ScratchDirectory scratch;
    std::ofstream{scratch / "bob"} << "x";
    BOOST_TEST(!Maildir::open(below(scratch, {"bob"})));
    BOOST_TEST(!Maildir::open(below(scratch, {"bob", "Maildir"})));
    BOOST_TEST(read_whole(scratch / "bob") == "x");
}

BOOST_AUTO_TEST_CASE(a_read_only_file_system_says_what_to_do) {
    errno = EROFS;
    BOOST_TEST(maildir_error("make a directory").what ==
               "make a directory: Read-only file system "
               "(a service needs the Maildirs below its ReadWritePaths=)");
    errno = EACCES;
    BOOST_TEST(maildir_error("make a directory").what == "make a directory: Permission denied");
}

BOOST_AUTO_TEST_SUITE_END()
