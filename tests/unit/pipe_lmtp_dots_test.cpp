#include "pipe/lmtp_dots.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

namespace maildircrypt::lmtp {
namespace {

struct Unstuffed {
    std::string content;
    std::string rest;
    bool end = false;
};

/// Feeds `wire` in pieces of `size` octets; what stands behind the end stays in `rest`.
Unstuffed unstuff(std::string_view wire, std::size_t size) {
    DotRemover remover;
    Unstuffed result;
    while (!wire.empty() && !result.end) {
        std::string_view piece = wire.substr(0, size);
        const std::size_t offered = piece.size();
        while (!piece.empty() && !result.end) {
            const auto part = remover.next(piece);
            result.content += part.content;
            result.end = part.end;
        }
        wire.remove_prefix(offered - piece.size());
    }
    result.rest = wire;
    return result;
}

class Gathered : public Sink {
public:
    Result<void> write(std::string_view piece) override {
        text += piece;
        return {};
    }
    std::string text;
};

std::string stuff(std::string_view content, std::size_t size) {
    Gathered gathered;
    DotAdder adder{gathered};
    for (; !content.empty(); content.remove_prefix(std::min(size, content.size())))
        BOOST_REQUIRE(bool(adder.write(content.substr(0, size))));
    BOOST_REQUIRE(bool(adder.finish()));
    return gathered.text;
}

void check_unstuffed(std::string_view wire, std::string_view content) {
    for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 7U, 1000U}) {
        const auto result = unstuff(std::string{wire} + "NOOP\r\n", size);
        BOOST_TEST_CONTEXT("pieces of " << size) {
            BOOST_TEST(result.end);
            BOOST_TEST(result.content == content);
            BOOST_TEST(result.rest == "NOOP\r\n");
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lmtp_dots)

BOOST_AUTO_TEST_CASE(content_ends_at_a_dot_alone_on_its_line) {
    check_unstuffed(".\r\n", "");
    check_unstuffed("a\r\n.\r\n", "a\r\n");
    check_unstuffed("\r\n.\r\n", "\r\n");
    check_unstuffed("a\r\n\r\n\r\n.\r\n", "a\r\n\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_dot_at_the_start_of_a_line_is_taken_away) {
    check_unstuffed("..\r\n.\r\n", ".\r\n");
    check_unstuffed("...\r\n..a\r\n.b\r\n.\r\n", "..\r\n.a\r\nb\r\n");
    check_unstuffed("a.\r\nb..\r\n.\r\n", "a.\r\nb..\r\n");
}

BOOST_AUTO_TEST_CASE(a_lone_cr_or_lf_never_ends_content) {
    check_unstuffed("a\n.\nb\r\n.\r\n", "a\n.\nb\r\n");
    check_unstuffed("a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n");
    check_unstuffed("a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n");
    check_unstuffed("a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n");
    check_unstuffed("a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n");
    check_unstuffed("a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n");
    check_unstuffed("\n.\r\n\r\n.\r\n", "\n.\r\n\r\n");
    check_unstuffed("\r\r\n.\r\n", "\r\r\n");
}

BOOST_AUTO_TEST_CASE(content_of_any_octets_survives_both_ways) {
    std::string content;
    for (const char* piece :
         {".", "\r", "\n", "\r\n", "..", "\r\n.", "\n.", "\r.", "x", "\r\n..\r\n"})
        for (const char* other : {".", "\r\n", "a", "\r", "\n"}) {
            content += piece;
            content += other;
        }
    content += "\r\n";
    std::string only_crlf = content;
    for (std::size_t at = 0; (at = only_crlf.find_first_of("\r\n", at)) != only_crlf.npos;
         at += 2) {
        if (only_crlf.compare(at, 2, "\r\n") != 0) only_crlf.replace(at, 1, "\r\n");
    }
    for (const std::size_t size : {1U, 2U, 3U, 1000U})
        check_unstuffed(stuff(only_crlf, size), only_crlf);
}

BOOST_AUTO_TEST_CASE(dots_are_added_and_the_last_line_is_ended) {
    for (const std::size_t size : {1U, 2U, 3U, 1000U}) {
        BOOST_TEST(stuff("", size) == ".\r\n");
        BOOST_TEST(stuff("a", size) == "a\r\n.\r\n");
        BOOST_TEST(stuff("a\r\n", size) == "a\r\n.\r\n");
        BOOST_TEST(stuff(".\r\n.a\r\n", size) == "..\r\n..a\r\n.\r\n");
        BOOST_TEST(stuff("a\n", size) == "a\n\r\n.\r\n");
        BOOST_TEST(stuff("a\r", size) == "a\r\r\n.\r\n");
        BOOST_TEST(stuff("\n", size) == "\n\r\n.\r\n");
    }
}

BOOST_AUTO_TEST_CASE(no_lone_line_end_smuggles_an_end_of_data_to_the_next_hop) {
    for (const std::size_t size : {1U, 2U, 3U, 1000U}) {
        BOOST_TEST(stuff("a\n.\nMAIL\r\n", size) == "a\n..\nMAIL\r\n.\r\n");
        BOOST_TEST(stuff("a\r.\rMAIL\r\n", size) == "a\r..\rMAIL\r\n.\r\n");
        BOOST_TEST(stuff("a\n.\r\nMAIL\r\n", size) == "a\n..\r\nMAIL\r\n.\r\n");
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
