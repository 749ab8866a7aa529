#include "base/fd.hpp"
#include "base/process.hpp"
#include "keyd/lease_field.hpp"
#include "keyd/leased_answers.hpp"
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

struct Fixture {
    Answering keyd;
    LeasedAnswers leased;
    LeasedAnswers::Time now = std::chrono::steady_clock::now();
    bool knows(const Address& address, LeasedAnswers::Time when) {
        return leased.find(address, when).has_value();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keyd_leased_answers, Fixture)

BOOST_AUTO_TEST_CASE(without_a_lease_nothing_is_known) {
    BOOST_TEST(leased.lease() == 0U);
    leased.remember(0, ann, sealable(), now, second);
    BOOST_TEST(!knows(ann, now));
}

BOOST_AUTO_TEST_CASE(an_answer_is_known_for_a_second_after_its_question) {
    leased.take_lease(keyd.connected());
    leased.remember(leased.lease(), ann, sealable(), now, second);
    BOOST_TEST(knows(ann, now));
    BOOST_TEST(knows(ann, now + second - std::chrono::nanoseconds{1}));
    BOOST_TEST(!knows(ann, now + second));
    BOOST_TEST(!knows(address("bob@sealed.test"), now));
    leased.remember(leased.lease(), ann, sealable(), now, 9 * second);  // whatever keyd says
    BOOST_TEST(!knows(ann, now + second));
    leased.remember(leased.lease(), ann, sealable(), now + second, 0 * second);
    BOOST_TEST(!knows(ann, now + second));
}

BOOST_AUTO_TEST_CASE(a_recall_is_the_end_of_the_lease) {
    leased.take_lease(keyd.connected());
    const auto lease = leased.lease();
    leased.remember(lease, ann, sealable(), now, second);
    keyd.hang_up();
    BOOST_TEST(leased.notice_recall());
    BOOST_TEST(!leased.notice_recall());
    BOOST_TEST(leased.lease() == 0U);
    BOOST_TEST(!knows(ann, now));
    Answering next;
    leased.take_lease(next.connected());
    BOOST_TEST(!knows(ann, now));
    leased.remember(lease, ann, sealable(), now, second);  // a question under the lease before
    BOOST_TEST(!knows(ann, now));
    BOOST_TEST(leased.lease() != lease);
}

BOOST_AUTO_TEST_CASE(only_keys_to_seal_to_are_known) {
    leased.take_lease(keyd.connected());
    for (const KeyState state :
         {KeyState::expired, KeyState::revoked, KeyState::tombstone, KeyState::no_key}) {
        RecipientKeys answer = sealable();
        answer.state = state;
        leased.remember(leased.lease(), ann, answer, now, second);
        BOOST_TEST(!knows(ann, now));
    }
}

BOOST_AUTO_TEST_CASE(memory_has_its_limits) {
    leased.take_lease(keyd.connected());
    const auto lease = leased.lease();
    leased.remember(lease, ann, sealable(max_leased_keys + 1), now, second);
    BOOST_TEST(!knows(ann, now));
    leased.remember(lease, ann, sealable(max_leased_keys), now, second);
    BOOST_TEST(knows(ann, now));
    for (std::size_t i = 1; i < max_leased; ++i)
        leased.remember(lease, address("u" + std::to_string(i) + "@sealed.test"), sealable(), now,
                        second);
    BOOST_TEST(knows(ann, now));
    leased.remember(lease, address("one-more@sealed.test"), sealable(), now, second);
    BOOST_TEST(!knows(ann, now));
    BOOST_TEST(knows(address("one-more@sealed.test"), now));
}

BOOST_AUTO_TEST_CASE(the_field_reads_as_it_is_written) {
    for (int time = 0; time <= 9; ++time)
        BOOST_TEST(
            (parse_lease(lease_text(std::chrono::seconds{time})) == std::chrono::seconds{time}));
    for (const char* none : {"", "-1", "10", "1 ", "1, 1", "max-age=1", "x", "/", ":"})
        BOOST_TEST((parse_lease(none) == std::chrono::seconds{0}), none);
}

BOOST_AUTO_TEST_SUITE_END()
