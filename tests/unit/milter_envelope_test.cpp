#include "milter/envelope.hpp"

#include <initializer_list>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

using Kind = RecipientKind;
using Client = ClientKind;

constexpr EnvelopePolicy no_guard{false, true, false};
constexpr EnvelopePolicy guard{true, false, false};
constexpr EnvelopePolicy guard_but_separate{true, true, false};
constexpr EnvelopePolicy one_at_a_time{false, true, true};

/// Who is admitted ("+") and who is asked to come back ("-"), then the course.
struct Answers {
    std::string admitted;
    Course course;
};

Answers answer(const EnvelopePolicy& policy, Client client,
               std::initializer_list<Kind> recipients) {
    Envelope envelope{policy, client};
    Answers answers{};
    for (const Kind kind : recipients) {
        const bool admits = envelope.admits(kind);
        answers.admitted += admits ? '+' : '-';
        if (admits) envelope.add(kind);
    }
    answers.course = envelope.course();
    return answers;
}

void check(const EnvelopePolicy& policy, Client client, std::initializer_list<Kind> recipients,
           const std::string& admitted, Course course) {
    const auto answers = answer(policy, client, recipients);
    BOOST_TEST(answers.admitted == admitted);
    BOOST_TEST((answers.course == course));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_envelope)

BOOST_AUTO_TEST_CASE(recipients_of_one_kind_are_taken_from_everybody) {
    for (const auto& policy : {no_guard, guard, guard_but_separate}) {
        for (const Client client : {Client::outside, Client::own, Client::local}) {
            check(policy, client, {Kind::keyed}, "+", Course::seal);
            check(policy, client, {Kind::keyed, Kind::keyed}, "++", Course::seal);
            check(policy, client, {Kind::clear, Kind::clear}, "++", Course::pass_clear);
            check(policy, client, {Kind::foreign, Kind::foreign}, "++", Course::untouched);
            check(policy, client, {Kind::foreign, Kind::clear}, "++", Course::pass_unmarked);
        }
    }
}

BOOST_AUTO_TEST_CASE(mixed_recipients_are_left_to_the_guard_when_there_is_one) {
    for (const Client client : {Client::outside, Client::own, Client::local}) {
        for (const Kind other : {Kind::clear, Kind::foreign, Kind::unclear}) {
            check(guard, client, {Kind::keyed, other}, "++", Course::leave_to_guard);
            check(guard, client, {other, Kind::keyed}, "++", Course::leave_to_guard);
        }
    }
}

BOOST_AUTO_TEST_CASE(without_a_guard_an_outside_client_is_asked_to_bring_the_later_kind_again) {
    for (const auto& policy : {no_guard, guard_but_separate}) {
        for (const Kind other : {Kind::clear, Kind::foreign}) {
            check(policy, Client::outside, {Kind::keyed, other, Kind::keyed}, "+-+", Course::seal);
            check(policy, Client::outside, {other, Kind::keyed, other}, "+-+",
                  other == Kind::clear ? Course::pass_clear : Course::untouched);
        }
    }
}

BOOST_AUTO_TEST_CASE(clients_that_would_not_come_back_are_refused_as_a_whole) {
    for (const Client client : {Client::own, Client::local}) {
        for (const Kind other : {Kind::clear, Kind::foreign}) {
            check(no_guard, client, {Kind::keyed, other}, "++", Course::refuse);
            check(no_guard, client, {other, Kind::keyed}, "++", Course::refuse);
            check(guard_but_separate, client, {other, Kind::keyed}, "++", Course::leave_to_guard);
        }
    }
}

BOOST_AUTO_TEST_CASE(one_at_a_time_is_asked_only_of_those_who_come_back) {
    check(one_at_a_time, Client::outside, {Kind::keyed, Kind::keyed}, "+-", Course::seal);
    check(one_at_a_time, Client::own, {Kind::keyed, Kind::keyed}, "++", Course::seal);
    check(one_at_a_time, Client::local, {Kind::keyed, Kind::keyed}, "++", Course::seal);
    check(one_at_a_time, Client::outside, {Kind::clear, Kind::clear}, "++", Course::pass_clear);
}

BOOST_AUTO_TEST_CASE(an_address_nobody_understands_never_passes_without_a_guard) {
    check(no_guard, Client::own, {Kind::unclear}, "+", Course::refuse);
    check(guard, Client::own, {Kind::unclear}, "+", Course::leave_to_guard);
    check(guard, Client::own, {Kind::unclear, Kind::foreign}, "++", Course::leave_to_guard);
}

BOOST_AUTO_TEST_CASE(no_mixture_is_ever_sealed_or_passed_in_clear_without_a_guard) {
    const Kind kinds[] = {Kind::foreign, Kind::clear, Kind::keyed, Kind::unclear};
    for (const auto& policy : {no_guard, guard, guard_but_separate, one_at_a_time}) {
        for (const Client client : {Client::outside, Client::own, Client::local}) {
            for (int code = 0; code < 256; ++code) {
                Envelope envelope{policy, client};
                bool keyed = false;
                bool other = false;
                for (int digit = code, i = 0; i < 4; digit /= 4, ++i) {
                    const Kind kind = kinds[digit % 4];
                    if (!envelope.admits(kind)) continue;
                    envelope.add(kind);
                    (kind == Kind::keyed ? keyed : other) = true;
                }
                const Course course = envelope.course();
                if (course == Course::seal) BOOST_TEST(!other);
                if (course == Course::leave_to_guard) BOOST_TEST(policy.guard);
                if (course == Course::untouched || course == Course::pass_clear ||
                    course == Course::pass_unmarked)
                    BOOST_TEST(!keyed);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(who_is_not_named_is_left_to_the_guard_or_anonymous) {
    BOOST_TEST((share(no_guard, true) == Sharing::named));
    BOOST_TEST((share(guard, true) == Sharing::named));
    BOOST_TEST((share(no_guard, false) == Sharing::anonymous));
    BOOST_TEST((share(guard, false) == Sharing::leave_to_guard));
}

BOOST_AUTO_TEST_SUITE_END()
