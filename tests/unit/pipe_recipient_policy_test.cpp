#include "pipe/recipient_policy.hpp"

#include <map>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

Address address_of(std::string_view text) {
    return std::move(*Address::parse(text));
}

struct Decided {
    std::vector<std::string> asked;
    std::string what;  ///< "seal", "clear", "untouched", "defer", "retry" or "refuse"
};

std::string word(const Result<RecipientPolicy>& decided) {
    if (!decided) return decided.error().fate == Fate::retry ? "retry" : "refuse";
    switch (decided->treatment) {
        case Treatment::untouched:
            return "untouched";
        case Treatment::seal:
            return "seal";
        case Treatment::pass_clear:
            return "clear";
        case Treatment::defer:
            return "defer";
        case Treatment::reject:
            return "reject";
    }
    return "";
}

/// keyd knows alice@home.test, lost@home.test (tombstone) and own@other.test (tombstone); asked
/// about broken@ it is away.
Decided decide(std::string_view text, const std::string& mailbox_domain,
               std::vector<std::string> domains = {}) {
    const std::map<std::string, KeyState> known{{"alice@home.test", KeyState::sealable},
                                                {"lost@home.test", KeyState::tombstone},
                                                {"own@home.test", KeyState::sealable},
                                                {"own@other.test", KeyState::tombstone}};
    const KeyLookup lookup = [&](const Address& address) -> Result<RecipientKeys> {
        if (address.local() == "broken") return retry("keyd is away");
        const auto found = known.find(address.text());
        return RecipientKeys{found == known.end() ? KeyState::no_key : found->second, {}, {}};
    };
    PolicyConfig policy;
    policy.domains = std::move(domains);
    const auto decided = decide_recipient(lookup, policy, {"+", mailbox_domain}, address_of(text));
    Decided result{{}, word(decided)};
    if (decided)
        for (const auto& address : decided->asked) result.asked.push_back(address.text());
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipe_recipient_policy)

BOOST_AUTO_TEST_CASE(the_address_itself_counts) {
    BOOST_TEST(decide("alice@home.test", "").what == "seal");
    BOOST_TEST(decide("alice@home.test", "home.test").asked.size() == 1U);
    BOOST_TEST(decide("own@other.test", "home.test").what == "defer");
    BOOST_TEST(decide("nobody@home.test", "").what == "clear");
    BOOST_TEST(decide("alice@localhost", "").what == "clear");
}

BOOST_AUTO_TEST_CASE(any_domain_leads_to_the_mailbox_where_local_parts_alone_name_it) {
    for (const char* text : {"alice@localhost", "Alice@mail.home.test", "alice@[192.0.2.1]",
                             "alice@[IPv6:::1]", "alice+x@localhost", "\"alice+x y\"@localhost"}) {
        BOOST_TEST(decide(text, "home.test").what == "seal", text);
        BOOST_TEST(decide(text, "home.test", {"home.test"}).what == "seal", text);
    }
    BOOST_TEST(decide("lost@localhost", "home.test").what == "defer");
    BOOST_TEST(decide("nobody@localhost", "home.test").what == "clear");
    BOOST_TEST(decide("nobody@localhost", "home.test", {"home.test"}).what == "untouched");
    BOOST_TEST(decide("nobody@[192.0.2.1]", "home.test", {"home.test"}).what == "clear");
}

BOOST_AUTO_TEST_CASE(nobody_can_say_whose_mailbox_a_literal_is) {
    BOOST_TEST(decide("alice@[192.0.2.1]", "").what == "refuse");
    BOOST_TEST(decide("alice@[192.0.2.1]", "", {"home.test"}).what == "refuse");
}

/// Postfix takes every spelling of a domain for the same; only the one in the list was ours.
BOOST_AUTO_TEST_CASE(another_spelling_of_an_international_domain_is_no_way_around_the_key) {
    const std::vector<std::string> ours{"m\u00fcnchen.test", "home.test"};
    for (const char* text : {"x@m\u00fcnchen.test", "x@M\u00dcNCHEN.test", "x@xn--mnchen-3ya.test",
                             "x@mail.XN--mnchen-3ya.test"})
        BOOST_TEST(decide(text, "", ours).what == "clear", text);
    BOOST_TEST(decide("x@munchen.test", "", ours).what == "untouched");
    BOOST_TEST(decide("x@xn--mnchen-3ya.test", "", {"home.test"}).what == "untouched");
}

BOOST_AUTO_TEST_CASE(outside_our_domains_nothing_is_asked) {
    const auto decided = decide("broken@out.test", "", {"home.test"});
    BOOST_TEST(decided.what == "untouched");
    BOOST_TEST(decided.asked.empty());
}

BOOST_AUTO_TEST_CASE(a_failed_lookup_is_a_failure) {
    BOOST_TEST(decide("broken@home.test", "").what == "retry");
    BOOST_TEST(decide("broken@out.test", "home.test", {"home.test"}).what == "retry");
}

BOOST_AUTO_TEST_CASE(every_name_that_was_asked_about_is_told) {
    BOOST_TEST(decide("alice+x@localhost", "home.test").asked ==
                   (std::vector<std::string>{"alice+x@localhost", "alice@localhost",
                                             "alice+x@home.test", "alice@home.test"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
