#include "keyd/connection_table.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

struct FakeConnection : TabledConnection {
    bool aborted = false;
    void abort() override { aborted = true; }
    int recalls = 0;
    void recall_lease() override { ++recalls; }
};

std::shared_ptr<FakeConnection> of_user(uid_t uid, bool privileged = false) {
    auto connection = std::make_shared<FakeConnection>();
    connection->uid = uid;
    connection->privileged = privileged;
    return connection;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_connection_table)

BOOST_AUTO_TEST_CASE(the_longest_untouched_gives_way_at_the_limit) {
    ConnectionTable table{{2, 100}};
    const auto first = of_user(1);
    const auto second = of_user(2);
    const auto entry = table.add(first);
    table.add(second);
    table.touch(entry);
    BOOST_TEST(!first->aborted);
    table.add(of_user(3));
    BOOST_TEST(!first->aborted);
    BOOST_TEST(second->aborted);
}

BOOST_AUTO_TEST_CASE(a_user_at_the_limit_loses_one_of_their_own) {
    ConnectionTable table{{100, 2}};
    const auto other = of_user(1);
    const auto first = of_user(2);
    const auto second = of_user(2);
    for (const auto& connection : {other, first, second}) table.add(connection);
    table.add(of_user(2));
    BOOST_TEST(!other->aborted);
    BOOST_TEST(first->aborted);
    BOOST_TEST(!second->aborted);
}

BOOST_AUTO_TEST_CASE(the_privileged_are_not_counted_by_user) {
    ConnectionTable table{{100, 1}};
    const auto first = of_user(0, true);
    table.add(first);
    table.add(of_user(0, true));
    BOOST_TEST(!first->aborted);
}

BOOST_AUTO_TEST_CASE(whoever_is_being_served_stays) {
    ConnectionTable table{{1, 1}};
    const auto served = of_user(1);
    served->waiting = false;
    served->deadline = {};
    table.add(served);
    table.add(of_user(1));
    table.sweep(std::chrono::steady_clock::now());
    table.abort_waiting();
    BOOST_TEST(!served->aborted);
}

BOOST_AUTO_TEST_CASE(deadlines_are_kept) {
    ConnectionTable table{{100, 100}};
    const auto now = std::chrono::steady_clock::now();
    const auto late = of_user(1);
    late->deadline = now;
    const auto early = of_user(1);
    early->deadline = now + std::chrono::milliseconds{1};
    const auto entry = table.add(late);
    table.add(early);
    table.sweep(now);
    BOOST_TEST(late->aborted);
    BOOST_TEST(!early->aborted);
    table.remove(entry);
    BOOST_TEST(table.size() == 1U);
    table.abort_waiting();
    BOOST_TEST(early->aborted);
}

BOOST_AUTO_TEST_CASE(every_connection_hears_that_keys_have_changed) {
    ConnectionTable table{{100, 100}};
    const auto waiting = of_user(1);
    const auto working = of_user(2);
    working->waiting = false;
    table.add(waiting);
    table.add(working);
    table.recall_leases();
    BOOST_TEST(waiting->recalls == 1);
    BOOST_TEST(working->recalls == 1);
    BOOST_TEST(!waiting->aborted);
}

BOOST_AUTO_TEST_SUITE_END()
