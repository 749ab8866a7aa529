#include "keyd/cli_command.hpp"
#include "seal/provenance.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <fstream>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

const std::string head(64, 'c');

struct Fixture {
    test::TemporaryDirectory directory;

    Result<LogPosition> noted_in(const std::string& message) {
        const std::string path = directory / "message";
        std::ofstream{path, std::ios::binary} << message;
        return read_noted(path);
    }
};

std::string lines(std::string field, const std::string& end) {
    std::string text;
    for (const char c : field) text += c == '\n' ? end : std::string{c};
    return text + end;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keyd_cli_noted, Fixture)

BOOST_AUTO_TEST_CASE(a_position_may_be_written_out) {
    const auto position = read_noted("9:" + head).value();
    BOOST_TEST(position.sequence == 9);
    BOOST_TEST(position.head == head);
    BOOST_TEST(read_noted("0:" + head).value().sequence == 0);
}

BOOST_AUTO_TEST_CASE(what_is_no_position_is_looked_for_as_a_file) {
    for (const std::string& text :
         {"9" + head, "-1:" + head, "x:" + head, ":" + head, "9:" + head + "0",
          "9:" + std::string(64, 'C'), "99999999999999999999:" + head, std::string{"9:"}}) {
        const auto position = read_noted(text);
        BOOST_REQUIRE(!position);
        BOOST_TEST((position.error().fate == Fate::retry), text);
    }
}

BOOST_AUTO_TEST_CASE(a_sealed_message_carries_a_position) {
    const std::string field = sealed_provenance("mx.example", {12, head}, {}, true);
    for (const std::string& end : {std::string{"\n"}, std::string{"\r\n"}}) {
        const auto position =
            noted_in("From: ann" + end + lines(field, end) + "To: bob" + end + end + "body" + end)
                .value();
        BOOST_TEST(position.sequence == 12);
        BOOST_TEST(position.head == head);
    }
    const std::vector<EncryptionKey> keys(2);
    BOOST_TEST(noted_in(lines(sealed_provenance("h", {3, head}, keys, false), "\n") + "\nbody")
                   .value()
                   .sequence == 3);
}

BOOST_AUTO_TEST_CASE(a_message_that_was_not_sealed_carries_none) {
    const std::string in_body = "From: a\n\n" + sealed_provenance("h", {3, head}, {}, true) + "\n";
    for (const std::string& message :
         {std::string{}, std::string{"From: a\n\nbody"}, in_body,
          clear_provenance("h", "no-key") + "\n\nbody", "X-Log: log=3:" + head + "\n\nbody"}) {
        const auto position = noted_in(message);
        BOOST_REQUIRE(!position);
        BOOST_TEST((position.error().fate == Fate::refuse), message);
    }
}

BOOST_AUTO_TEST_SUITE_END()
