#include "seal/clear_passage.hpp"
#include "seal/header_rest.hpp"
#include "tests/unit/support/sealing.hpp"

#include <algorithm>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

std::string filter(std::string_view text, std::size_t piece, bool in_provenance = false) {
    HeaderRest rest{in_provenance};
    std::string kept;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
        kept += rest.take(text.substr(0, piece));
    return kept + rest.finish();
}

std::string pass(std::string_view message, std::size_t piece) {
    test::CollectingOutput output;
    ClearPassage passage{"h", "no-key", LineEnd::lf, output};
    for (; !message.empty(); message.remove_prefix(std::min(piece, message.size())))
        BOOST_REQUIRE(passage.write(message.substr(0, piece)));
    BOOST_REQUIRE(passage.finish());
    return output.text();
}

constexpr auto pieces = {std::size_t{1}, std::size_t{7}, std::size_t{100'000}};

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_header_rest)

BOOST_AUTO_TEST_CASE(provenance_goes_and_all_else_stays) {
    const std::string forged =
        "A: b\n folded\nMaildircrypt-Provenance: x\n folded\r\n\tmore\nB: c\r\n"
        "MAILDIRCRYPT-provenance \t: y\nX-Maildircrypt-Provenance: z\n\n"
        "Maildircrypt-Provenance: in the body\n";
    const std::string kept =
        "A: b\n folded\nB: c\r\nX-Maildircrypt-Provenance: z\n\n"
        "Maildircrypt-Provenance: in the body\n";
    for (const std::size_t piece : pieces) BOOST_TEST(filter(forged, piece) == kept);
}

BOOST_AUTO_TEST_CASE(lines_of_the_last_field_go_with_it) {
    for (const std::size_t piece : pieces) {
        BOOST_TEST(filter(" folded\nA: b\n", piece, true) == "A: b\n");
        BOOST_TEST(filter(" folded\nA: b\n", piece) == " folded\nA: b\n");
    }
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_field_starts_the_body) {
    const std::string text = "A: b\nno field\nMaildircrypt-Provenance: in the body";
    for (const std::size_t piece : pieces) BOOST_TEST(filter(text, piece) == text);
}

BOOST_AUTO_TEST_CASE(long_lines_and_cut_ones_are_told_apart) {
    const std::string blanks(2 * max_line_start, ' ');
    const std::string value(2 * max_line_start, 'v');
    for (const std::size_t piece : pieces) {
        BOOST_TEST(filter("Maildircrypt-Provenance" + blanks + ": x\nA: b\n", piece) == "A: b\n");
        BOOST_TEST(filter("Maildircrypt-Provenance: " + value + "\nA: b\n", piece) == "A: b\n");
        BOOST_TEST(filter("C: " + value + "\nA: b\n", piece) == "C: " + value + "\nA: b\n");
        BOOST_TEST(filter("Maildircrypt-Provenance: x", piece).empty());
        BOOST_TEST(filter("A: x", piece) == "A: x");
    }
}

BOOST_AUTO_TEST_CASE(no_provenance_is_left_behind_the_limits_of_a_header) {
    const std::string forged = "Maildircrypt-Provenance: sealed; host=evil\n folded\n";
    std::string many;
    for (std::size_t i = 0; i < max_header_fields; ++i) many += "To:\n";
    const std::string large = "X: " + std::string(max_header, 'x') + "\n";
    const std::string mark = "Maildircrypt-Provenance: clear; host=h; reason=no-key\n";
    for (const auto& fields : {many, large, std::string{"To: a\n"}})
        for (const auto& rest :
             {std::string{"\nbody\n" + forged}, std::string{"no field\n"}, std::string{}})
            for (const std::size_t piece : {std::size_t{5000}, fields.size() + 1000})
                BOOST_TEST((pass(forged + fields + forged + rest, piece) == mark + fields + rest));
}

BOOST_AUTO_TEST_SUITE_END()
