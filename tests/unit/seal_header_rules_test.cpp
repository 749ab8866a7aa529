#include "seal/header_rules.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

Address address(std::string_view text) {
    auto parsed = Address::parse(text);
    BOOST_REQUIRE(bool(parsed));
    return *parsed;
}

HeaderRules example() {
    HeaderRules rules;
    rules.add({"bob@open.example", std::nullopt, SubjectPolicy::hide});
    rules.add({"open.example", OuterHeaders::all, SubjectPolicy::keep});
    rules.add({"shy.example", OuterHeaders::minimal, std::nullopt});
    rules.add({"shy.example", std::nullopt, SubjectPolicy::keep});
    return rules;
}

void check(const HeaderPolicy& policy, OuterHeaders outer_headers, SubjectPolicy subject) {
    BOOST_TEST((policy.outer_headers == outer_headers));
    BOOST_TEST((policy.subject == subject));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_header_rules)

BOOST_AUTO_TEST_CASE(an_address_wins_over_its_domain_and_a_domain_over_all) {
    const auto rules = example();
    check(rules.policy_for(address("Al@Other.example")), OuterHeaders::standard,
          SubjectPolicy::hide);
    check(rules.policy_for(address("al@open.example")), OuterHeaders::all, SubjectPolicy::keep);
    check(rules.policy_for(address("Bob@Open.Example")), OuterHeaders::all, SubjectPolicy::hide);
    check(rules.policy_for(address("al@shy.example")), OuterHeaders::minimal, SubjectPolicy::keep);
    check(rules.policy_for(address("al@sub.shy.example")), OuterHeaders::standard,
          SubjectPolicy::hide);
}

BOOST_AUTO_TEST_CASE(several_recipients_show_what_all_of_them_show) {
    const auto rules = example();
    const std::vector<Address> open{address("a@open.example"), address("c@open.example")};
    check(rules.policy_for(open), OuterHeaders::all, SubjectPolicy::keep);
    const std::vector<Address> mixed{address("a@open.example"), address("a@shy.example")};
    check(rules.policy_for(mixed), OuterHeaders::minimal, SubjectPolicy::keep);
    const std::vector<Address> hidden{address("a@shy.example"), address("bob@open.example")};
    check(rules.policy_for(hidden), OuterHeaders::minimal, SubjectPolicy::hide);
    check(rules.policy_for(std::vector<Address>{}), OuterHeaders::standard, SubjectPolicy::hide);
}

BOOST_AUTO_TEST_SUITE_END()
