#include "base/fd.hpp"
#include "base/process.hpp"
#include "keyd/recent_answers.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <thread>

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

constexpr std::chrono::seconds second{1};
const Address ann = address("ann@sealed.test");

/// Answers one request; then the connection stays open until this ends.
class Answering {
public:
    Answering() : listener_(std::move(listen_unix(directory_ / "keyd", 0600).value())) {}
    HttpClient connected() {
        HttpClient client{directory_ / "keyd", 1000};
        std::jthread server{[this] {
            peer_ = Fd{::accept(listener_.get(), nullptr, nullptr)};
            std::array<char, 1000> request;
            (void)read_some(peer_.get(), request, "read");
            constexpr std::string_view reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            (void)!::write(peer_.get(), reply.data(), reply.size());
        }};
        BOOST_REQUIRE(bool(client.call({}, std::chrono::steady_clock::now() + 20 * second)));
        return client;
    }
    void hang_up() { peer_ = Fd{}; }

private:
    TemporaryDirectory directory_;
    Fd listener_;
    Fd peer_;
};

RecipientKeys sealable(std::size_t keys = 1) {
    RecipientKeys answer;
    answer.state = KeyState::sealable;
    answer.plan.seal_to.resize(keys);
    return answer;
}

RecentAnswers::Era era_of(RecentAnswers& recent) {
    bool ended = false;
    return recent.era(ended);
}

struct Fixture {
    Answering keyd;
    RecentAnswers recent;
    RecentAnswers::Time now = std::chrono::steady_clock::now();
    bool knows(const Address& address, RecentAnswers::Time when) {
        return recent.find(era_of(recent), address, when).has_value();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keyd_recent_answers, Fixture)

BOOST_AUTO_TEST_CASE(without_a_witness_nothing_is_known) {
    BOOST_TEST(era_of(recent) == 0U);
    recent.remember(0, ann, sealable(), now, second);
    BOOST_TEST(!knows(ann, now));
}

BOOST_AUTO_TEST_CASE(an_answer_is_known_for_a_second_after_its_question) {
    recent.set_witness(keyd.connected());
    recent.remember(era_of(recent), ann, sealable(), now, second);
    BOOST_TEST(knows(ann, now));
    BOOST_TEST(knows(ann, now + second - std::chrono::nanoseconds{1}));
    BOOST_TEST(!knows(ann, now + second));
    BOOST_TEST(!knows(address("bob@sealed.test"), now));
    recent.remember(era_of(recent), ann, sealable(), now, 9 * second);  // whatever keyd says
    BOOST_TEST(!knows(ann, now + second));
    recent.remember(era_of(recent), ann, sealable(), now + second, 0 * second);
    BOOST_TEST(!knows(ann, now + second));
}

BOOST_AUTO_TEST_CASE(the_end_of_the_witness_is_the_end_of_its_era) {
    recent.set_witness(keyd.connected());
    const auto era = era_of(recent);
    recent.remember(era, ann, sealable(), now, second);
    keyd.hang_up();
    bool ended = false;
    BOOST_TEST(recent.era(ended) == 0U);
    BOOST_TEST(ended);
    BOOST_TEST(!knows(ann, now));
    Answering next;
    recent.set_witness(next.connected());
    BOOST_TEST(!knows(ann, now));
    recent.remember(era, ann, sealable(), now, second);  // a question of the era before
    BOOST_TEST(!knows(ann, now));
    BOOST_TEST(era_of(recent) != era);
}

BOOST_AUTO_TEST_CASE(only_keys_to_seal_to_are_known) {
    recent.set_witness(keyd.connected());
    for (const KeyState state :
         {KeyState::expired, KeyState::revoked, KeyState::tombstone, KeyState::no_key}) {
        RecipientKeys answer = sealable();
        answer.state = state;
        recent.remember(era_of(recent), ann, answer, now, second);
        BOOST_TEST(!knows(ann, now));
    }
}

BOOST_AUTO_TEST_CASE(memory_has_its_limits) {
    recent.set_witness(keyd.connected());
    const auto era = era_of(recent);
    recent.remember(era, ann, sealable(max_remembered_keys + 1), now, second);
    BOOST_TEST(!knows(ann, now));
    recent.remember(era, ann, sealable(max_remembered_keys), now, second);
    BOOST_TEST(knows(ann, now));
    for (std::size_t i = 1; i < max_remembered; ++i)
        recent.remember(era, address("u" + std::to_string(i) + "@sealed.test"), sealable(), now,
                        second);
    BOOST_TEST(knows(ann, now));
    recent.remember(era, address("one-more@sealed.test"), sealable(), now, second);
    BOOST_TEST(!knows(ann, now));
    BOOST_TEST(knows(address("one-more@sealed.test"), now));
}

BOOST_AUTO_TEST_SUITE_END()
