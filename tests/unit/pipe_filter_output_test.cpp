#include "base/fd.hpp"
#include "pipe/filter_output.hpp"
#include "seal/untouched_passage.hpp"
#include "tests/lib/scratch.hpp"

#include <filesystem>
#include <string>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>

using namespace maildircrypt;

namespace {

struct Fixture {
    ScratchDirectory scratch;
    CryptoContext context = *CryptoContext::create();
    SpillBudget budget{128 * 1024, "/tmp"};
    Fd file = *open_file(scratch / "output", O_WRONLY | O_CREAT, 0600);
    FilterOutput output{context, budget, file.get()};

    std::string written() const { return read_whole(scratch / "output"); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pipe_filter_output, Fixture)

BOOST_AUTO_TEST_CASE(nothing_is_written_before_commit_and_everything_at_it) {
    const std::string body(500000, 'b');
    BOOST_REQUIRE(output.begin());
    BOOST_REQUIRE(output.header({{{std::nullopt, false, "X", "X: y\n"}}, "\n", 0}));
    BOOST_REQUIRE(UntouchedPassage{output}.write(body));
    BOOST_REQUIRE(output.complete());
    BOOST_TEST(written().empty());
    BOOST_TEST(output.size() == body.size() + 6);
    BOOST_REQUIRE(output.commit());
    BOOST_TEST((written() == "X: y\n\n" + body));
}

BOOST_AUTO_TEST_CASE(beginning_again_forgets_what_was_written) {
    BOOST_REQUIRE(output.begin());
    BOOST_REQUIRE(UntouchedPassage{output}.write("old"));
    BOOST_REQUIRE(output.begin());
    BOOST_REQUIRE(UntouchedPassage{output}.write("new"));
    BOOST_REQUIRE(output.complete());
    BOOST_REQUIRE(output.commit());
    BOOST_TEST(written() == "new");
    BOOST_TEST(output.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_gone_is_an_error) {
    FilterOutput broken{context, budget, -1};
    BOOST_REQUIRE(broken.begin());
    BOOST_REQUIRE(UntouchedPassage{broken}.write("x"));
    BOOST_TEST(!broken.commit());
}

BOOST_AUTO_TEST_SUITE_END()
