#include "pipe/detail_lookup.hpp"
#include "pipe/maildir_template.hpp"

#include <map>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

Address address_of(std::string_view text) {
    return std::move(*Address::parse(text));
}

std::string cut(std::string_view text, std::string_view delimiters) {
    const auto shorter = without_detail(address_of(text), delimiters);
    return shorter ? shorter->text() : "none";
}

struct Asked {
    std::vector<std::string> addresses;
    KeyState state = KeyState::no_key;
    bool ok = false;
};

Asked ask(std::map<std::string, KeyState> known, std::string_view text) {
    Asked asked;
    const auto keys = lookup_with_detail(
        [&](const Address& address) -> Result<RecipientKeys> {
            asked.addresses.push_back(address.text());
            if (address.local() == "broken") return retry("keyd is away");
            const auto found = known.find(address.text());
            return RecipientKeys{found == known.end() ? KeyState::no_key : found->second, {}, {}};
        },
        address_of(text), "+-");
    asked.ok = bool(keys);
    if (keys) asked.state = keys->state;
    return asked;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipe_detail_lookup)

BOOST_AUTO_TEST_CASE(a_detail_is_what_follows_the_first_delimiter) {
    BOOST_TEST(cut("a+b@x.test", "+") == "a@x.test");
    BOOST_TEST(cut("a-b+c@x.test", "+-") == "a@x.test");
    BOOST_TEST(cut("a+b+c@x.test", "+") == "a@x.test");
    BOOST_TEST(cut("a@x.test", "+") == "none");
    BOOST_TEST(cut("a+b@x.test", "") == "none");
    BOOST_TEST(cut("+b@x.test", "+") == "none");
    BOOST_TEST(cut("\"a b+c\"@x.test", "+") == "\"a b\"@x.test");
    BOOST_TEST(cut("\"a+b c\"@x.test", "+") == "a@x.test");
    BOOST_TEST(cut("\"a\\\\+b c\"@x.test", "+") == "\"a\\\\\"@x.test");
    BOOST_TEST(cut("\"+b c\"@x.test", "+") == "none");
    BOOST_TEST(cut("a.+b@x.test", "+") == "none");
}

BOOST_AUTO_TEST_CASE(what_is_known_of_the_address_itself_counts) {
    for (const auto state :
         {KeyState::sealable, KeyState::expired, KeyState::revoked, KeyState::tombstone}) {
        const auto asked =
            ask({{"a+b@x.test", state}, {"a@x.test", KeyState::sealable}}, "a+b@x.test");
        BOOST_TEST((asked.state == state));
        BOOST_TEST(asked.addresses.size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(without_a_key_of_its_own_it_is_sealed_as_the_mailbox_is) {
    const auto asked = ask({{"a@x.test", KeyState::sealable}}, "a+b@x.test");
    BOOST_TEST((asked.state == KeyState::sealable));
    BOOST_TEST(asked.addresses.size() == 2U);
    BOOST_TEST(
        (ask({{"a@x.test", KeyState::tombstone}}, "a+b@x.test").state == KeyState::tombstone));
    BOOST_TEST(ask({}, "a@x.test").addresses.size() == 1U);
}

/// What its Maildir is called must not be cut elsewhere than what it is sealed as.
BOOST_AUTO_TEST_CASE(a_quoted_detail_is_sealed_as_the_mailbox_that_gets_it) {
    const auto maildir = MaildirTemplate::parse("/mail/%d/%u");
    for (const char* text : {"\"a+b c\"@x.test", "\"a+,\"@x.test", "\"A+\\\"\"@x.test"}) {
        const auto path = maildir->expand(address_of(text), "+-");
        BOOST_TEST(path->made.back() == "a", text);
        BOOST_TEST((ask({{"a@x.test", KeyState::sealable}}, text).state == KeyState::sealable),
                   text);
    }
}

BOOST_AUTO_TEST_CASE(a_failure_of_either_question_is_a_failure) {
    BOOST_TEST(!ask({}, "broken+b@x.test").ok);
    BOOST_TEST(!ask({}, "broken@x.test").ok);
}

BOOST_AUTO_TEST_SUITE_END()
