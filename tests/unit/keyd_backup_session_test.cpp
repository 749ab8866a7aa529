#include "keyd/backup_session.hpp"
#include "tests/unit/support/keyd_data.hpp"
#include "tests/unit/support/test_store.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

struct Fixture {
    std::unique_ptr<TestStore> world = TestStore::make("sqlite");
    std::unique_ptr<Store> store = world->open();
    BackupSessions sessions;
    const BackupSessions::Clock::time_point now{};

    std::optional<std::string> begin() {
        return sessions.begin(std::move(store->snapshot().value()), now).value();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keyd_backup_session, Fixture)

BOOST_AUTO_TEST_CASE(there_are_no_more_than_a_few_at_a_time) {
    for (std::size_t i = 0; i < max_backups; ++i) BOOST_TEST(begin().has_value());
    BOOST_TEST(!begin().has_value());
}

BOOST_AUTO_TEST_CASE(who_stays_away_loses_it) {
    const std::string token = begin().value();
    sessions.sweep(now + backup_patience);
    auto snapshot = sessions.take(token);
    BOOST_REQUIRE(snapshot != nullptr);
    BOOST_TEST((sessions.take(token) == nullptr));  // somebody is reading
    sessions.sweep(now + 2 * backup_patience);      // which is not to stay away
    sessions.put_back(token, std::move(snapshot), now);
    sessions.sweep(now + backup_patience + std::chrono::milliseconds{1});
    BOOST_TEST((sessions.take(token) == nullptr));
}

BOOST_AUTO_TEST_CASE(who_is_through_makes_room) {
    const std::string token = begin().value();
    while (begin()) {
    }
    sessions.put_back(token, nullptr, now);
    BOOST_TEST(begin().has_value());
    BOOST_TEST((sessions.take("no such token") == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
