#include "keyd/socketmap.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

using State = Netstring::State;

std::string answer(std::string_view query, Result<KeyState> state) {
    return answer_socketmap(query, [&state](const Address&) { return state; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_socketmap)

BOOST_AUTO_TEST_CASE(netstrings_are_read_whole) {
    const std::string two = write_netstring("sealed a@b.test") + write_netstring("");
    const Netstring first = read_netstring(two);
    BOOST_TEST((first.state == State::complete));
    BOOST_TEST(first.payload == "sealed a@b.test");
    const Netstring second = read_netstring(std::string_view{two}.substr(first.size));
    BOOST_TEST((second.state == State::complete));
    BOOST_TEST(second.payload == "");
    BOOST_TEST(second.size == 3U);
    for (std::size_t size = 0; size < first.size; ++size)
        BOOST_TEST((read_netstring(two.substr(0, size)).state == State::incomplete));
}

BOOST_AUTO_TEST_CASE(what_is_no_netstring_is_broken) {
    for (const std::string text : {"x", ":,", "-1:,", "01:a,", "00:,", "1;a,", "1:ab", "1:a;",
                                   "+1:a,", "99999", "1025:", "1 :a,"})
        BOOST_TEST((read_netstring(text).state == State::broken), text);
}

BOOST_AUTO_TEST_CASE(the_longest_query_fits_and_no_longer_one) {
    const std::string longest(max_socketmap_query, 'x');
    BOOST_TEST((read_netstring(write_netstring(longest)).state == State::complete));
    BOOST_TEST((read_netstring(write_netstring(longest + "x")).state == State::broken));
}

BOOST_AUTO_TEST_CASE(lines_are_read_whole_and_told_from_netstrings) {
    const Netstring line = read_line("exists a@b.test\r\nexists");
    BOOST_TEST((line.state == State::complete));
    BOOST_TEST(line.payload == "exists a@b.test");
    BOOST_TEST(line.size == 17U);
    BOOST_TEST((read_line("exists a@b.test").state == State::incomplete));
    const std::string longest(max_socketmap_query, 'x');
    BOOST_TEST((read_line(longest + "\n").state == State::complete));
    BOOST_TEST((read_line(longest).state == State::incomplete));
    BOOST_TEST((read_line(longest + "x").state == State::broken));
    BOOST_TEST((read_line(longest + "x\n").state == State::broken));
    BOOST_TEST(speaks_in_lines("exists"));
    BOOST_TEST(!speaks_in_lines("15:sealed"));
    BOOST_TEST(!speaks_in_lines(""));
}

BOOST_AUTO_TEST_CASE(sealed_says_whether_there_is_a_key_to_seal_to) {
    BOOST_TEST(answer("sealed a@b.test", KeyState::sealable) == "OK sealed");
    BOOST_TEST(answer("sealed a@b.test", KeyState::expired) == "OK sealed");
    BOOST_TEST(answer("sealed a@b.test", KeyState::no_key) == "NOTFOUND ");
    BOOST_TEST(answer("sealed a@b.test", KeyState::revoked).starts_with("TEMP "));
    BOOST_TEST(answer("sealed a@b.test", KeyState::tombstone).starts_with("TEMP "));
}

BOOST_AUTO_TEST_CASE(exists_says_whether_there_ever_was_a_key) {
    for (const KeyState state :
         {KeyState::sealable, KeyState::expired, KeyState::revoked, KeyState::tombstone})
        BOOST_TEST(answer("exists a@b.test", state) == "OK sealed");
    BOOST_TEST(answer("exists a@b.test", KeyState::no_key) == "NOTFOUND ");
}

BOOST_AUTO_TEST_CASE(only_a_healthy_store_says_not_found) {
    const Error broken = retry("disk");
    for (const char* query : {"sealed a@b.test", "exists a@b.test", "sealed b.test", "sealed *"})
        BOOST_TEST(answer(query, broken).starts_with("TEMP "), query);
    // Postfix asks for whole domains as well: there is nothing to be found for them.
    for (const char* query : {"sealed b.test", "sealed .b.test", "exists @b.test", "sealed *"})
        BOOST_TEST(answer(query, KeyState::no_key) == "NOTFOUND ", query);
    for (const char* query : {"", "sealed", "x a@b.test", "sealed a..b@c.test", "SEALED a@b.test"})
        BOOST_TEST(!answer(query, KeyState::sealable).starts_with("OK"), query);
    BOOST_TEST(answer("x a@b.test", KeyState::no_key).starts_with("TEMP "));
    BOOST_TEST(answer("sealed a..b@c.test", KeyState::no_key).starts_with("TEMP "));
}

BOOST_AUTO_TEST_SUITE_END()
