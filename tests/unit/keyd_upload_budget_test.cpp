#include "keyd/upload_budget.hpp"

#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

constexpr Caller admin{0, true};
constexpr Caller ann{1001, false};
constexpr Caller bob{1002, false};

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_upload_budget)

BOOST_AUTO_TEST_CASE(octets_are_limited_to_the_last_one) {
    UploadBudget budget{{100, 10, 10}};
    {
        const auto most = budget.take(admin, 60);
        BOOST_TEST(most.has_value());
        BOOST_TEST(!budget.take(admin, 41));
        BOOST_TEST(budget.take(admin, 40).has_value());
    }
    BOOST_TEST(budget.take(admin, 100).has_value());
    BOOST_TEST(!budget.take(admin, 101));
}

BOOST_AUTO_TEST_CASE(one_user_has_few_places_and_keeps_nobody_out) {
    UploadBudget budget{{100, 10, 2}};
    std::vector<UploadBudget::Ticket> tickets;
    for (int i = 0; i < 2; ++i) tickets.push_back(budget.take(ann, 1).value());
    BOOST_TEST(!budget.take(ann, 1));
    BOOST_TEST(budget.take(bob, 1).has_value());
    tickets.pop_back();
    BOOST_TEST(budget.take(ann, 1).has_value());
}

BOOST_AUTO_TEST_CASE(users_cannot_keep_administrators_out) {
    UploadBudget budget{{100, 1, 5}};
    const auto users = budget.take(ann, 100);
    BOOST_TEST(users.has_value());
    BOOST_TEST(!budget.take(bob, 0));
    BOOST_TEST(budget.take(admin, 100).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
