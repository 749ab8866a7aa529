#include "base/fd.hpp"
#include "keyd/gpg_home.hpp"
#include "keyd/limited_process.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/stat.h>

using namespace maildircrypt;
using namespace std::chrono_literals;

namespace {

/// Runs a shell script in a directory of its own.
struct Script {
    explicit Script(const std::string& text) {
        request.program = *home->put("script", "#!/bin/sh\n" + text + "\n");
        ::chmod(request.program.c_str(), 0700);
        request.environment = {"PATH=/usr/bin:/bin", "HERE=" + home->path()};
        request.input = *home->put("input", "what is read\n");
        request.deadline = 20s;
        request.max_output = 10000;
    }
    Result<std::string> run() const { return run_limited(request); }

    Result<GpgHome> home = GpgHome::create();
    ProcessRequest request;
};

bool says(const Result<std::string>& result, const std::string& part) {
    BOOST_REQUIRE(!result);
    BOOST_TEST((result.error().fate == Fate::retry));
    return result.error().what.find(part) != std::string::npos;
}

/// Polls until the process is gone (or a zombie that init has not reaped).
bool ends(const std::string& pid) {
    for (int i = 0; i < 500; ++i) {
        std::ifstream status{"/proc/" + pid + "/stat"};
        std::string line;
        if (!std::getline(status, line) || line.find(") Z") != line.npos) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_limited_process)

BOOST_AUTO_TEST_CASE(gives_back_what_the_program_writes) {
    const auto output = Script{"cat; echo written; echo unseen >&2"}.run();
    BOOST_REQUIRE(bool(output));
    BOOST_TEST(*output == "what is read\nwritten\n");
}

BOOST_AUTO_TEST_CASE(passes_nothing_on) {
    ::setenv("SECRET_OF_THE_DAEMON", "x", 1);
    std::signal(SIGPIPE, SIG_IGN);
    const Fd leaking{::open("/dev/null", O_RDONLY)};
    const auto output =
        Script{
            "env | grep -c SECRET; ls /proc/self/fd | wc -l; grep -c 'SigIgn:.*1...$' "
            "/proc/self/status"}
            .run();
    std::signal(SIGPIPE, SIG_DFL);
    ::unsetenv("SECRET_OF_THE_DAEMON");
    BOOST_REQUIRE(bool(output));
    // Standard input, output and error, and the directory that ls has open.
    BOOST_TEST(*output == "0\n4\n0\n");
}

BOOST_AUTO_TEST_CASE(ends_a_program_that_hangs) {
    Script script{"echo started; sleep 1000"};
    script.request.deadline = 300ms;
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(says(script.run(), "not at its end in time"));
    BOOST_TEST((std::chrono::steady_clock::now() - start < 5s));
}

BOOST_AUTO_TEST_CASE(ends_what_the_program_left_behind) {
    // The child closes its standard output, so that the end comes before it.
    const auto pid = Script{"sleep 1000 >/dev/null & echo $!"}.run();
    BOOST_REQUIRE(bool(pid));
    BOOST_TEST(ends(pid->substr(0, pid->size() - 1)));
}

BOOST_AUTO_TEST_CASE(ends_a_program_that_floods) {
    Script script{"exec yes"};
    BOOST_TEST(says(script.run(), "wrote too much"));
}

BOOST_AUTO_TEST_CASE(takes_output_up_to_the_limit) {
    Script script{"head -c 10000 /dev/zero"};
    BOOST_TEST(script.run()->size() == 10000U);
    script.request.max_output = 9999;
    BOOST_TEST(says(script.run(), "wrote too much"));
}

BOOST_AUTO_TEST_CASE(says_that_there_is_no_such_program) {
    Script script{""};
    script.request.program = "/nonexistent/program";
    BOOST_TEST(says(script.run(), "start /nonexistent/program: No such file"));
}

BOOST_AUTO_TEST_SUITE_END()
