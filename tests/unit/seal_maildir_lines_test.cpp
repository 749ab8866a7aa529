#include "seal/clear_passage.hpp"
#include "seal/maildir_lines.hpp"
#include "seal/untouched_passage.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

namespace maildircrypt {
namespace {

class Gathered : public MessageOutput {
public:
    Result<void> header(const OuterHeader& header) override {
        text += header.render();
        return {};
    }
    Result<void> body(Deliverable piece) override {
        text += piece.text();
        return {};
    }
    std::string text;
};

std::string untouched(std::string_view message, std::size_t size) {
    Gathered gathered;
    MaildirLines lines{gathered};
    UntouchedPassage passage{lines};
    for (; !message.empty(); message.remove_prefix(std::min(size, message.size())))
        BOOST_REQUIRE(bool(passage.write(message.substr(0, size))));
    BOOST_REQUIRE(bool(lines.finish()));
    return gathered.text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(maildir_lines)

BOOST_AUTO_TEST_CASE(every_crlf_becomes_lf_and_nothing_else_changes) {
    for (const std::size_t size : {1U, 2U, 3U, 1000U}) {
        BOOST_TEST(untouched("", size) == "");
        BOOST_TEST(untouched("a\r\n\r\nb\r\n", size) == "a\n\nb\n");
        BOOST_TEST(untouched("a\nb\rc\r\r\nd\n\r", size) == "a\nb\rc\r\nd\n\r");
        BOOST_TEST(untouched("\r\r\r", size) == "\r\r\r");
        BOOST_TEST(untouched("\r\n", size) == "\n");
    }
}

BOOST_AUTO_TEST_CASE(a_marked_header_has_line_feeds_too) {
    Gathered gathered;
    MaildirLines lines{gathered};
    ClearPassage passage{"mx.test", "no-key", LineEnd::crlf, lines};
    BOOST_REQUIRE(bool(passage.write("A: b\r\n c\r\n\r\nbody\r\n")));
    BOOST_REQUIRE(bool(passage.finish()));
    BOOST_REQUIRE(bool(lines.finish()));
    BOOST_TEST(gathered.text ==
               "Maildircrypt-Provenance: clear; host=mx.test; reason=no-key\nA: b\n c\n\nbody\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt
