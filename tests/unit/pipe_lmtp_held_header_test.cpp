#include "pipe/lmtp_held_header.hpp"
#include "pipe/lmtp_limits.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

namespace maildircrypt::lmtp {

BOOST_AUTO_TEST_SUITE(lmtp_held_header)

constexpr std::string_view fields = "From: a@x.test\r\nSubject: x\r\n";

BOOST_AUTO_TEST_CASE(a_header_is_whole_with_its_empty_line_and_not_before) {
    SpillBudget budget{1024, "/tmp"};
    HeldHeader header{budget};
    for (const char octet : std::string{fields} + "\r") {
        BOOST_TEST(bool(header.write({&octet, 1})));
        BOOST_TEST(!header.is_whole());
    }
    BOOST_TEST(bool(header.write("\nbody")));
    BOOST_TEST(header.is_whole());
    BOOST_TEST(header.text() == std::string{fields} + "\r\nbody");
}

BOOST_AUTO_TEST_CASE(the_budget_holds_to_its_last_octet_and_one_more_is_put_off) {
    constexpr std::size_t limit = 100;
    for (const std::size_t size : {limit, limit + 1}) {
        SpillBudget budget{limit * HeldHeader::cost, "/tmp"};
        HeldHeader header{budget};
        const auto held = header.write(std::string(size, 'x'));
        BOOST_TEST(bool(held) == (size == limit));
        BOOST_TEST(header.text().size() == (size == limit ? size : 0));
        if (!held) BOOST_TEST((held.error().fate == Fate::retry));
    }
}

BOOST_AUTO_TEST_CASE(headers_share_the_budget_and_give_it_back) {
    SpillBudget budget{100 * HeldHeader::cost, "/tmp"};
    HeldHeader first{budget};
    BOOST_TEST(bool(first.write(std::string(60, 'x'))));
    {
        HeldHeader second{budget};
        BOOST_TEST(bool(second.write(std::string(40, 'y'))));
        BOOST_TEST(!bool(second.write("z")));
        BOOST_TEST(bool(second.write(std::string(40, 'y'))));
    }
    BOOST_TEST(bool(first.write(std::string(40, 'x'))));
    first.release();
    BOOST_TEST(budget.take(100 * HeldHeader::cost));
}

BOOST_AUTO_TEST_CASE(what_does_not_end_is_held_up_to_what_counts_as_a_header) {
    SpillBudget budget{max_header_memory, "/tmp"};
    HeldHeader header{budget};
    BOOST_TEST(bool(header.write(std::string(max_header - 1, 'x'))));
    BOOST_TEST(!header.is_whole());
    BOOST_TEST(bool(header.write("x")));
    BOOST_TEST(header.is_whole());
    HeldHeader second{budget};
    BOOST_TEST(bool(second.write(std::string(max_header, 'x'))));
    HeldHeader third{budget};
    BOOST_TEST(!bool(third.write(std::string(max_header, 'x'))));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
