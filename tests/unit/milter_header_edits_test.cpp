#include "milter/header_edits.hpp"
#include "milter_fakes.hpp"

#include <random>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

void apply(const std::vector<HeaderEdit>& edits, FakeMta& mta) {
    for (const auto& edit : edits) {
        switch (edit.kind) {
            case HeaderEdit::Kind::change:
                BOOST_REQUIRE(mta.change_field(edit.name, edit.index, edit.value));
                break;
            case HeaderEdit::Kind::remove:
                BOOST_REQUIRE(mta.remove_field(edit.name, edit.index));
                break;
            case HeaderEdit::Kind::insert:
                BOOST_REQUIRE(mta.insert_field(edit.index, edit.name, edit.value));
                break;
            case HeaderEdit::Kind::append:
                BOOST_REQUIRE(mta.append_field(edit.name, edit.value));
                break;
        }
    }
}

std::vector<std::string> names_of(const std::vector<FakeMta::Field>& fields) {
    std::vector<std::string> names;
    for (const auto& field : fields) names.push_back(field.first);
    return names;
}

OuterField ours(const std::string& name, const std::string& rest) {
    return {std::nullopt, false, name, name + ":" + rest + "\r\n"};
}

OuterField kept(std::size_t index, const std::vector<FakeMta::Field>& fields) {
    return {index, false, fields[index].first,
            fields[index].first + ":" + fields[index].second + "\r\n"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_header_edits)

BOOST_AUTO_TEST_CASE(duplicates_are_removed_from_the_last_to_the_first) {
    const std::vector<FakeMta::Field> fields{
        {"X-A", " 1"}, {"x-a", " 2"}, {"Received", " r"}, {"X-A", " 3"}, {"X-B", " 4"}};
    OuterHeader outer;
    outer.original_fields = fields.size();
    outer.fields = {kept(1, fields), kept(2, fields)};
    const auto edits = plan_header_edits(names_of(fields), outer);
    BOOST_REQUIRE(edits);
    FakeMta mta{fields, ""};
    apply(*edits, mta);
    BOOST_TEST(mta.header() == "x-a: 2\r\nReceived: r\r\n");
}

BOOST_AUTO_TEST_CASE(values_keep_their_blanks_and_fold_with_lf) {
    const std::vector<FakeMta::Field> fields{{"Subject", "secret\n folded"}};
    OuterHeader outer;
    outer.original_fields = 1;
    outer.fields = {{0, true, "Subject", "Subject:  ...\r\n\tmore\r\n"},
                    ours("Content-Type", " multipart/encrypted;\r\n boundary=x")};
    const auto edits = plan_header_edits(names_of(fields), outer);
    BOOST_REQUIRE(edits);
    BOOST_TEST(edits->at(0).value == "  ...\n\tmore");
    BOOST_TEST(edits->at(1).value == " multipart/encrypted;\n boundary=x");
    FakeMta mta{fields, ""};
    apply(*edits, mta);
    BOOST_TEST(mta.header() == outer.render());
}

BOOST_AUTO_TEST_CASE(a_header_that_is_not_the_mtas_is_not_edited) {
    const std::vector<std::string> names{"From", "To"};
    OuterHeader other_count;
    other_count.original_fields = 3;
    OuterHeader other_name;
    other_name.original_fields = 2;
    other_name.fields = {{0, false, "Sender", "Sender: x\r\n"}};
    OuterHeader other_order;
    other_order.original_fields = 2;
    other_order.fields = {{1, false, "To", "To: x\r\n"}, {0, false, "From", "From: x\r\n"}};
    OuterHeader twice;
    twice.original_fields = 2;
    twice.fields = {{1, false, "To", "To: x\r\n"}, {1, false, "To", "To: x\r\n"}};
    OuterHeader beyond;
    beyond.original_fields = 2;
    beyond.fields = {{2, false, "To", "To: x\r\n"}};
    for (const auto& outer : {other_count, other_name, other_order, twice, beyond}) {
        const auto edits = plan_header_edits(names, outer);
        BOOST_REQUIRE(!edits);
        BOOST_TEST((edits.error().fate == Fate::retry));
    }
}

BOOST_AUTO_TEST_CASE(any_selection_of_any_header_becomes_the_outer_header_to_the_octet) {
    const unsigned seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    const auto below = [&random](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
    };
    const std::string names[] = {"Received", "RECEIVED", "Subject", "X-A", "x-a", "To"};
    for (int round = 0; round < 3000; ++round) {
        std::vector<FakeMta::Field> fields;
        for (std::size_t i = below(12); i > 0; --i)
            fields.emplace_back(names[below(6)], " value " + std::to_string(i));
        OuterHeader outer;
        outer.original_fields = fields.size();
        for (std::size_t i = 0; i <= fields.size(); ++i) {
            while (below(4) == 0)
                outer.fields.push_back(ours(names[below(6)], " ours " + std::to_string(i)));
            if (i == fields.size() || below(2) == 0) continue;
            outer.fields.push_back(kept(i, fields));
            if (below(3) != 0) continue;
            outer.fields.back().changed = true;
            outer.fields.back().text = fields[i].first + ": changed " + std::to_string(i) + "\r\n";
        }
        const auto edits = plan_header_edits(names_of(fields), outer);
        BOOST_REQUIRE(edits);
        FakeMta mta{fields, ""};
        apply(*edits, mta);
        BOOST_REQUIRE_EQUAL(mta.header(), outer.render());
    }
}

BOOST_AUTO_TEST_SUITE_END()
