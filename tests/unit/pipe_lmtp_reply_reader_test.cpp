#include "pipe/lmtp_limits.hpp"
#include "pipe/lmtp_reply_reader.hpp"

#include <boost/test/unit_test.hpp>

namespace maildircrypt::lmtp {
namespace {

/// The summaries of all replies in `wire`, fed in pieces of `size` octets; "error" where it breaks.
std::vector<std::string> read(std::string_view wire, std::size_t size) {
    ReplyReader reader;
    std::vector<std::string> replies;
    for (; !wire.empty(); wire.remove_prefix(std::min(size, wire.size()))) {
        std::string_view piece = wire.substr(0, size);
        while (!piece.empty()) {
            auto reply = reader.next(piece);
            if (!reply) {
                replies.emplace_back("error");
                return replies;
            }
            if (*reply) {
                const auto summary = (*reply)->summary();
                replies.push_back(std::to_string(summary.code) + '|' + summary.enhanced + '|' +
                                  summary.text);
            }
        }
    }
    return replies;
}

void check(std::string_view wire, const std::vector<std::string>& expected) {
    for (const std::size_t size : {1U, 2U, 5U, 100000U}) BOOST_TEST(read(wire, size) == expected);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lmtp_reply_reader)

BOOST_AUTO_TEST_CASE(replies_come_with_code_enhanced_code_and_text) {
    check("250 2.1.5 Ok then\r\n", {"250|2.1.5|Ok then"});
    check("250 Ok\r\n354\r\n", {"250||Ok", "354||"});
    check("250-one\r\n250-two\r\n250 2.0.0 three\r\n550 no\r\n", {"250|2.0.0|three", "550||no"});
    check("250 2.0.0\r\n", {"250|2.0.0|"});
    check("250 2.0.0ish\r\n", {"250||2.0.0ish"});
    check("550 5.1.1234 x\r\n", {"550||5.1.1234 x"});
    check("250 bare LF\n", {"250||bare LF"});
}

BOOST_AUTO_TEST_CASE(what_is_no_reply_is_an_error) {
    for (const char* wire : {"\r\n", "2\r\n", "25x ok\r\n", "250x\r\n", "650 ok\r\n", "050 ok\r\n",
                             "hello\r\n", "250-one\r\n251 two\r\n", " 250 ok\r\n"})
        check(wire, {"error"});
}

BOOST_AUTO_TEST_CASE(lines_and_replies_have_limits) {
    const std::string longest = "250 " + std::string(max_reply_line - 5, 'x') + "\r\n";
    BOOST_TEST(read(longest, 100000).front().starts_with("250||x"));
    const std::string longer = "250 " + std::string(max_reply_line - 3, 'x') + "\r\n";
    BOOST_TEST(read(longer, 100000) == std::vector<std::string>{"error"});
    std::string lines;
    for (std::size_t i = 1; i < max_reply_lines; ++i) lines += "250-x\r\n";
    BOOST_TEST(read(lines + "250 x\r\n", 100000) == std::vector<std::string>{"250||x"});
    BOOST_TEST(read(lines + "250-x\r\n250 x\r\n", 100000) == std::vector<std::string>{"error"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
