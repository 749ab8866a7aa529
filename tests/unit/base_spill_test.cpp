#include "base/spill.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

constexpr std::size_t block = 64 * 1024;
constexpr std::size_t first_block = 16 * 1024;

struct Collector : Sink {
    std::string text;
    std::size_t largest = 0;
    Result<void> write(std::string_view piece) override {
        text += piece;
        largest = std::max(largest, piece.size());
        return {};
    }
};

std::string counted(std::size_t size) {
    std::string text;
    while (text.size() < size) text += std::to_string(text.size()) + ' ';
    text.resize(size);
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(base_spill)

BOOST_AUTO_TEST_CASE(gives_back_what_was_written_in_memory_and_beyond) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, block - 1, block, block + 1, 5 * block + 3}) {
        SpillBudget budget{2 * block, "/tmp"};
        Spill spill{budget};
        const std::string text = counted(size);
        for (std::size_t at = 0; at < size; at += 7001)
            BOOST_REQUIRE(spill.write(std::string_view{text}.substr(at, 7001)));
        BOOST_TEST(spill.size() == size);
        for (int round = 0; round < 2; ++round) {
            Collector collector;
            BOOST_REQUIRE(spill.read_to(collector, 65535));
            BOOST_TEST((collector.text == text));
            BOOST_TEST(collector.largest <= 65535U);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_budget_is_shared_and_given_back) {
    SpillBudget budget{first_block, "/nonexistent"};
    {
        Spill first{budget};
        BOOST_TEST(bool(first.write("x")));
        Spill second{budget};
        const auto refused = second.write("y");  // no memory left and no directory to spill to
        BOOST_REQUIRE(!refused);
        BOOST_TEST((refused.error().fate == Fate::retry));
    }
    Spill third{budget};
    BOOST_TEST(bool(third.write("z")));
}

BOOST_AUTO_TEST_CASE(a_spill_keeps_its_share_in_memory_and_not_an_octet_more) {
    for (const std::size_t share : {std::size_t{0}, first_block, first_block + block}) {
        SpillBudget budget{8 * block, "/nonexistent", share};
        Spill spill{budget};
        BOOST_TEST(bool(spill.write(std::string(share, 'x'))));
        BOOST_TEST(!bool(spill.write("y")));
        BOOST_TEST(budget.take(8 * block - share));
        BOOST_TEST(!budget.take(1));
    }
}

BOOST_AUTO_TEST_SUITE_END()
