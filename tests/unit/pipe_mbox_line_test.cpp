#include "pipe/mbox_line.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

struct Collector : Sink {
    std::string text;
    Result<void> write(std::string_view piece) override {
        text += piece;
        return {};
    }
};

std::string remove_line(std::string_view message, std::size_t piece) {
    Collector collector;
    MboxLineRemover remover{collector};
    for (; !message.empty(); message.remove_prefix(std::min(piece, message.size())))
        BOOST_REQUIRE(remover.write(message.substr(0, piece)));
    BOOST_REQUIRE(remover.finish());
    return collector.text;
}

void expect(const std::string& message, const std::string& rest) {
    for (std::size_t piece = 1; piece <= message.size() + 1; ++piece)
        BOOST_TEST(remove_line(message, piece) == rest, "in pieces of " << piece);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipe_mbox_line)

BOOST_AUTO_TEST_CASE(one_leading_line_goes_whatever_the_pieces) {
    expect("From ada@x Mon\nSubject: x\n\nbody\n", "Subject: x\n\nbody\n");
    expect("From ada@x Mon\r\nSubject: x\r\n", "Subject: x\r\n");
    expect("From one\nFrom two\n", "From two\n");
    expect("From \nx", "x");
}

BOOST_AUTO_TEST_CASE(everything_else_stays) {
    for (const char* message : {"", "F", "From", "From: ada@x\n\nFrom here\n", "from x\ny",
                                "\nFrom x\n", "Fro\nm ", "FFrom x\n", "FrFrom x\n", " From x\n"})
        expect(message, message);
}

BOOST_AUTO_TEST_CASE(a_field_with_blanks_before_its_colon_stays) {
    for (const char* message : {"From : ada@x\n\nbody\n", "From \t : ada@x\n", "From :", "From ::"})
        expect(message, message);
    expect("From x: Mon\nSubject: x\n", "Subject: x\n");
    expect("From  x :\ny", "y");
    expect("From " + std::string(300, ' ') + ": x\ny", "y");
}

BOOST_AUTO_TEST_CASE(a_message_of_only_that_line_is_empty) {
    expect("From ada@x\n", "");
    expect("From ada@x", "");
    expect("From ", "");
}

BOOST_AUTO_TEST_SUITE_END()
