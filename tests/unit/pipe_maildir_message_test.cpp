#include "pipe/maildir_message.hpp"
#include "seal/untouched_passage.hpp"
#include "tests/lib/scratch.hpp"

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>
#include <sys/resource.h>
#include <unistd.h>

using namespace maildircrypt;
namespace fs = std::filesystem;

namespace {

struct Fixture {
    ScratchDirectory scratch;
    std::optional<MaildirMessage> message;

    Fixture() { start(); }
    void start() {
        auto maildir = Maildir::open({scratch.path(), {"Maildir"}, false});
        BOOST_REQUIRE(maildir);
        message.emplace(std::move(*maildir), "mx.test");
        BOOST_REQUIRE(message->begin());
    }
    std::string tmp() const { return scratch / "Maildir/tmp"; }
    std::string fresh() const { return scratch / "Maildir/new"; }
    Result<void> write(std::string_view text) { return UntouchedPassage{*message}.write(text); }
};

std::string counted(std::size_t size) {
    std::string text;
    while (text.size() < size) text += std::to_string(text.size()) + '\n';
    text.resize(size);
    return text;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pipe_maildir_message, Fixture)

BOOST_AUTO_TEST_CASE(a_message_is_in_tmp_until_commit_and_then_in_new_with_its_sizes) {
    BOOST_REQUIRE(message->header({{{std::nullopt, false, "X", "X: y\n"}}, "\n", 0}));
    BOOST_REQUIRE(write("body\n"));
    BOOST_TEST(names_in(tmp()).size() == 1U);
    BOOST_REQUIRE(message->complete());
    BOOST_TEST(names_in(fresh()).empty());
    BOOST_REQUIRE(message->commit());
    BOOST_TEST(names_in(tmp()).empty());
    BOOST_REQUIRE(names_in(fresh()).size() == 1U);
    const std::string name = *names_in(fresh()).begin();
    BOOST_TEST(name == message->name());
    BOOST_TEST(name.ends_with(".mx.test,S=11,W=14"), name);
    BOOST_TEST(read_whole(fresh() + '/' + name) == "X: y\n\nbody\n");
    BOOST_TEST((fs::status(fresh() + '/' + name).permissions() ==
                (fs::perms::owner_read | fs::perms::owner_write)));
}

BOOST_AUTO_TEST_CASE(messages_of_any_size_are_written_whole) {
    for (const std::size_t size : {0, 1, 16383, 16384, 16385, 32768, 1000003}) {
        start();
        const std::string text = counted(size);
        for (std::size_t at = 0; at < size; at += 9973)
            BOOST_REQUIRE(write(std::string_view{text}.substr(at, 9973)));
        BOOST_REQUIRE(message->complete());
        BOOST_REQUIRE(message->commit());
        BOOST_TEST((read_whole(fresh() + '/' + message->name()) == text), size);
    }
}

BOOST_AUTO_TEST_CASE(without_commit_nothing_is_left) {
    BOOST_REQUIRE(write(counted(200000)));
    BOOST_REQUIRE(message->complete());
    message.reset();
    BOOST_TEST(names_in(tmp()).empty());
    BOOST_TEST(names_in(fresh()).empty());
}

BOOST_AUTO_TEST_CASE(beginning_again_forgets_what_was_written) {
    BOOST_REQUIRE(write(counted(200000)));
    BOOST_REQUIRE(message->begin());
    BOOST_TEST(names_in(tmp()).size() == 1U);
    BOOST_REQUIRE(write("the original\n"));
    BOOST_REQUIRE(message->complete());
    BOOST_REQUIRE(message->commit());
    BOOST_TEST(names_in(tmp()).empty());
    BOOST_TEST(message->name().ends_with(",S=13,W=14"));
    BOOST_TEST(read_whole(fresh() + '/' + message->name()) == "the original\n");
}

BOOST_AUTO_TEST_CASE(a_taken_name_is_never_overwritten) {
    BOOST_REQUIRE(write("mine\n"));
    BOOST_REQUIRE(message->complete());
    const std::string taken = fresh() + '/' + *names_in(tmp()).begin() + ",S=5,W=6";
    std::ofstream{taken} << "somebody else's";
    BOOST_REQUIRE(message->commit());
    BOOST_TEST(names_in(fresh()).size() == 2U);
    BOOST_TEST(read_whole(taken) == "somebody else's");
    BOOST_TEST(read_whole(fresh() + '/' + message->name()) == "mine\n");
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_an_error_and_leaves_nothing) {
    rlimit before{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit little{100000, before.rlim_max};
    BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &little) == 0);
    auto written = write(counted(300000));
    if (written) written = message->complete();
    BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, ignored);
    BOOST_REQUIRE(!written);
    BOOST_TEST((written.error().fate == Fate::retry));
    message.reset();
    BOOST_TEST(names_in(tmp()).empty());
    BOOST_TEST(names_in(fresh()).empty());
}

BOOST_AUTO_TEST_CASE(a_maildir_that_went_away_is_an_error) {
    BOOST_REQUIRE(write("x"));
    BOOST_REQUIRE(message->complete());
    fs::remove_all(scratch / "Maildir/new");
    const auto committed = message->commit();
    BOOST_REQUIRE(!committed);
    BOOST_TEST((committed.error().fate == Fate::retry));
    message.reset();
    BOOST_TEST(names_in(tmp()).empty());
}

BOOST_AUTO_TEST_SUITE_END()
