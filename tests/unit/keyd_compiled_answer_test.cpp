#include "keyd/answer.hpp"
#include "keyd/compiled_answer.hpp"
#include "keyd/resolver.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

const Address ann = address("ann@sealed.test");
const std::string id(32, 'a');
const std::string head(64, 'b');

std::string whole(const Binding& binding, std::int64_t now) {
    Resolved resolved;
    resolved.stamp = {id, 5, {3, head}};
    resolved.text = compile_answer(ann, binding, now, false).text + R"(,"recovery":[])";
    return render_answer(ann, resolved);
}

Binding bound_to(std::vector<Certificate> certificates) {
    Binding binding{1, std::move(certificates), {}};
    remember_subkeys(binding);
    return binding;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_compiled_answer)

BOOST_AUTO_TEST_CASE(clients_read_what_was_compiled) {
    const auto answer =
        read_answer(whole(bound_to({certificate("one"), certificate("two", 900)}), 500), ann);
    BOOST_REQUIRE(answer);
    BOOST_TEST((answer->keys.state == KeyState::sealable));
    BOOST_TEST(answer->stamp.id == id);
    BOOST_TEST(answer->stamp.revision == 5);
    BOOST_TEST(answer->keys.log.sequence == 3);
    BOOST_TEST(answer->keys.log.head == head);
    BOOST_REQUIRE(answer->keys.plan.seal_to.size() == 2U);
    BOOST_TEST((answer->keys.plan.seal_to[0].packet == encryption_key("one").packet));
    BOOST_TEST(answer->keys.plan.seal_to[1].expires == 900);
    BOOST_TEST(answer->keys.plan.recognise.size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_clock_changes_an_answer_when_something_expires) {
    const Binding binding = bound_to({certificate("one", 2000), certificate("two", 900)});
    const auto early = compile_answer(ann, binding, 500, false);
    BOOST_TEST(early.valid_until == 900);
    BOOST_TEST(early.expires == 2000);
    const auto later = compile_answer(ann, binding, 900, false);
    BOOST_TEST(later.valid_until == 2000);
    BOOST_TEST((later.state == KeyState::sealable));
    const auto late = compile_answer(ann, binding, 2000, false);
    BOOST_TEST(late.valid_until == forever);
    BOOST_TEST((late.state == KeyState::expired));
    BOOST_TEST(read_answer(whole(binding, 2000), ann).value().keys.plan.seal_to.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_known_address_never_has_no_key) {
    BOOST_TEST((compile_answer(ann, {}, 500, false).state == KeyState::no_key));
    BOOST_TEST((compile_answer(ann, {1, {}, {}}, 500, false).state == KeyState::tombstone));
    Certificate revoked = certificate("one");
    revoked.revoked = true;
    revoked.encryption_keys[0].revoked = true;
    const auto answer = read_answer(whole(bound_to({revoked}), 500), ann);
    BOOST_TEST((answer.value().keys.state == KeyState::revoked));
    BOOST_TEST(answer.value().keys.plan.seal_to.empty());
    BOOST_TEST(answer.value().keys.plan.recognise.size() == 1U);
}

BOOST_AUTO_TEST_CASE(removed_subkeys_are_still_recognised) {
    Binding binding = bound_to({certificate("old")});
    binding.certificates = {certificate("new")};
    remember_subkeys(binding);
    const auto keys = read_answer(whole(binding, 500), ann).value().keys;
    BOOST_TEST(keys.plan.seal_to.size() == 1U);
    BOOST_TEST(keys.plan.recognise.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
