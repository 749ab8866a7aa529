#include "base/fd.hpp"
#include "base/process.hpp"
#include "keyd/client.hpp"
#include "keyd/compiled_answer.hpp"
#include "keyd/leased_answers.hpp"
#include "keyd/resolver.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

constexpr std::chrono::milliseconds short_deadline{300};
constexpr std::chrono::milliseconds long_deadline{20'000};

/// A connection as the fake keyd sees it.
class Peer {
public:
    explicit Peer(Fd fd) : fd_(std::move(fd)) {}
    /// One request's target; empty when the client has closed.
    std::string request() {
        std::string text;
        std::array<char, 4096> piece{};
        while (text.find("\r\n\r\n") == text.npos) {
            const auto count = read_some(fd_.get(), piece, "read");
            if (!count || *count == 0) return "";
            text.append(piece.data(), *count);
        }
        const std::size_t start = text.find(' ') + 1;
        return text.substr(start, text.find(' ', start) - start);
    }
    /// As much as the client takes.
    void send(std::string_view text) {
        while (!text.empty()) {
            const ssize_t count = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    void reply(const std::string& body, const std::string& status = "200 OK",
               const std::string& fields = "") {
        send("HTTP/1.1 " + status + "\r\n" + fields +
             "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
    void hang_up() { ::shutdown(fd_.get(), SHUT_RDWR); }
    void wait_for_close() {
        while (!request().empty()) continue;
    }

private:
    Fd fd_;
};

/// Listens, and hands each connection to the script in a thread of its own.
class FakeKeyd {
public:
    using Script = std::function<void(Peer&, int number)>;
    explicit FakeKeyd(Script script)
        : script_(std::move(script)), listener_(std::move(listen_unix(path(), 0600).value())) {
        thread_ = std::jthread{[this] { run(); }};
    }
    ~FakeKeyd() { ::shutdown(listener_.get(), SHUT_RDWR); }
    std::string path() const { return directory_ / "keyd"; }
    int connections() const { return count_; }

private:
    void run() {
        std::vector<std::jthread> threads;
        for (;;) {
            Fd fd{::accept(listener_.get(), nullptr, nullptr)};
            if (!fd) return;
            threads.emplace_back([this, number = ++count_, peer = Peer{std::move(fd)}]() mutable {
                script_(peer, number);
            });
        }
    }
    TemporaryDirectory directory_;
    Script script_;
    Fd listener_;
    std::atomic<int> count_{0};
    std::jthread thread_;
};

const Address ann = address("ann@sealed.test");
const std::string one_store(32, 'a');

std::string answer(std::int64_t revision, const std::string& id = one_store,
                   const std::string& head = std::string(64, 'b'), std::int64_t sequence = 3) {
    Binding binding{1, {certificate("one")}, {}};
    remember_subkeys(binding);
    Resolved resolved;
    resolved.stamp = {id, revision, {sequence, head}};
    resolved.text = compile_answer(ann, binding, 500, false).text + R"(,"recovery":[])";
    return render_answer(ann, resolved);
}

/// Answers every request of every connection with these bodies, one after the other, the last one
/// again and again.
FakeKeyd::Script in_turn(std::vector<std::string> bodies) {
    return [bodies = std::move(bodies), next = std::make_shared<std::atomic<std::size_t>>(0)](
               Peer& peer, int) {
        while (!peer.request().empty())
            peer.reply(bodies[std::min(next->fetch_add(1), bodies.size() - 1)]);
    };
}

void require_retry(const Result<RecipientKeys>& result, const std::string& part) {
    BOOST_REQUIRE_MESSAGE(!result, "an answer was taken");
    BOOST_TEST((result.error().fate == Fate::retry));
    BOOST_TEST((result.error().what.find(part) != std::string::npos), result.error().what);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_client)

BOOST_AUTO_TEST_CASE(asks_for_the_address_and_takes_the_answer) {
    std::string target;
    FakeKeyd keyd{[&target](Peer& peer, int) {
        target = peer.request();
        peer.reply(answer(5));
        peer.wait_for_close();
    }};
    KeyClient client{keyd.path(), long_deadline};
    const auto keys = client.lookup(ann);
    BOOST_REQUIRE_MESSAGE(keys, (keys ? "" : keys.error().what));
    BOOST_TEST((keys->state == KeyState::sealable));
    BOOST_TEST(keys->log.sequence == 3);
    BOOST_TEST(target == "/v1/lookup/ann%40sealed.test");
}

BOOST_AUTO_TEST_CASE(keeps_its_connection) {
    FakeKeyd keyd{in_turn({answer(5)})};
    KeyClient client{keyd.path(), long_deadline};
    for (int i = 0; i < 10; ++i) BOOST_TEST(bool(client.lookup(ann)));
    BOOST_TEST(keyd.connections() == 1);
}

BOOST_AUTO_TEST_CASE(connects_again_once_when_a_kept_connection_was_closed) {
    FakeKeyd keyd{[](Peer& peer, int number) {
        if (number == 3) return;  // closed without an answer
        if (!peer.request().empty()) peer.reply(answer(5));
    }};
    KeyClient client{keyd.path(), long_deadline};
    BOOST_TEST(bool(client.lookup(ann)));
    BOOST_TEST(bool(client.lookup(ann)));  // the second connection
    require_retry(client.lookup(ann), "keyd");
    BOOST_TEST(keyd.connections() == 3);  // and no further one
}

BOOST_AUTO_TEST_CASE(nobody_there_is_a_retry_at_once) {
    const TemporaryDirectory directory;
    KeyClient client{directory / "nobody", long_deadline};
    require_retry(client.lookup(ann), "connect to keyd");
    KeyClient too_long{"/" + std::string(200, 'x'), long_deadline};
    require_retry(too_long.lookup(ann), "connect to keyd");
}

BOOST_AUTO_TEST_CASE(a_keyd_that_never_answers_is_left_at_the_deadline) {
    FakeKeyd keyd{[](Peer& peer, int) { peer.wait_for_close(); }};
    KeyClient client{keyd.path(), short_deadline};
    const auto start = std::chrono::steady_clock::now();
    require_retry(client.lookup(ann), "timed out");
    BOOST_TEST((std::chrono::steady_clock::now() - start >= short_deadline));
}

BOOST_AUTO_TEST_CASE(slow_octets_do_not_stretch_the_deadline) {
    std::atomic<bool> done{false};
    FakeKeyd keyd{[&done](Peer& peer, int) {
        (void)peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (!done) {
            peer.send(" ");
            std::this_thread::yield();
        }
    }};
    KeyClient client{keyd.path(), short_deadline};
    const auto result = client.lookup(ann);
    done = true;
    BOOST_TEST(!result);
}

BOOST_AUTO_TEST_CASE(half_an_answer_is_none) {
    const std::string body = answer(5);
    FakeKeyd keyd{[&body](Peer& peer, int) {
        (void)peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                  body.substr(0, body.size() - 1));
    }};
    KeyClient client{keyd.path(), long_deadline};
    require_retry(client.lookup(ann), "read from keyd");
}

BOOST_AUTO_TEST_CASE(garbage_huge_and_unhappy_answers_are_retries) {
    const std::vector<std::string> replies{
        "\x16\x03\x01\x02garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000000\r\n" +
            std::string(2'000'000, 'x'),
    };
    for (const auto& reply : replies) {
        FakeKeyd keyd{[&reply](Peer& peer, int) {
            (void)peer.request();
            peer.send(reply);
        }};
        KeyClient client{keyd.path(), long_deadline};
        const auto result = client.lookup(ann);
        BOOST_REQUIRE_MESSAGE(!result, reply.substr(0, 60));
        BOOST_TEST((result.error().fate == Fate::retry));
    }
}

BOOST_AUTO_TEST_CASE(an_address_that_keyd_cannot_know_is_no_fault_of_keyd) {
    FakeKeyd keyd{[](Peer& peer, int) {
        (void)peer.request();
        peer.reply("{}", "400 Bad Request");
    }};
    KeyClient client{keyd.path(), long_deadline};
    const auto result = client.lookup(ann);
    BOOST_REQUIRE(!result);
    BOOST_TEST((result.error().fate == Fate::refuse));
}

BOOST_AUTO_TEST_CASE(another_store_is_distrusted_for_good) {
    FakeKeyd keyd{in_turn({answer(5), answer(6, std::string(32, 'c')), answer(7)})};
    KeyClient client{keyd.path(), long_deadline};
    BOOST_TEST(bool(client.lookup(ann)));
    require_retry(client.lookup(ann), "another store");
    require_retry(client.lookup(ann), "another store");  // though the old one is back
}

BOOST_AUTO_TEST_CASE(the_configured_store_is_the_only_one) {
    FakeKeyd keyd{in_turn({answer(5)})};
    KeyClient right{keyd.path(), long_deadline, one_store};
    BOOST_TEST(bool(right.lookup(ann)));
    KeyClient wrong{keyd.path(), long_deadline, std::string(32, 'c')};
    require_retry(wrong.lookup(ann), "another store");
}

BOOST_AUTO_TEST_CASE(an_older_store_is_distrusted_for_good) {
    FakeKeyd keyd{in_turn({answer(5), answer(4), answer(6)})};
    KeyClient client{keyd.path(), long_deadline};
    BOOST_TEST(bool(client.lookup(ann)));
    require_retry(client.lookup(ann), "older store");
    require_retry(client.lookup(ann), "older store");
}

BOOST_AUTO_TEST_CASE(a_rewritten_or_shortened_log_is_distrusted) {
    const std::string other_head(64, 'c');
    FakeKeyd rewritten{in_turn({answer(5), answer(6, one_store, other_head)})};
    KeyClient first{rewritten.path(), long_deadline};
    BOOST_TEST(bool(first.lookup(ann)));
    require_retry(first.lookup(ann), "rewritten");
    FakeKeyd shortened{in_turn({answer(5), answer(6, one_store, other_head, 2)})};
    KeyClient second{shortened.path(), long_deadline};
    BOOST_TEST(bool(second.lookup(ann)));
    require_retry(second.lookup(ann), "shorter");
}

BOOST_AUTO_TEST_CASE(a_newer_revision_is_fine) {
    FakeKeyd keyd{
        in_turn({answer(5), answer(6), answer(6), answer(9, one_store, std::string(64, 'd'), 4)})};
    KeyClient client{keyd.path(), long_deadline};
    for (int i = 0; i < 5; ++i) BOOST_TEST(bool(client.lookup(ann)));
}

BOOST_AUTO_TEST_CASE(answers_that_overtake_each_other_are_no_older_store) {
    // The first question is answered last, with what was true when it was asked.
    std::atomic<bool> second_done{false};
    FakeKeyd keyd{[&second_done](Peer& peer, int number) {
        (void)peer.request();
        if (number == 1)
            while (!second_done) std::this_thread::yield();
        peer.reply(answer(number == 1 ? 5 : 6));
        peer.wait_for_close();
    }};
    KeyClient client{keyd.path(), long_deadline};
    std::jthread first{[&client] { BOOST_TEST(bool(client.lookup(ann))); }};
    while (keyd.connections() == 0) std::this_thread::yield();
    BOOST_TEST(bool(client.lookup(ann)));
    second_done = true;
}

namespace {

const std::string may_be_remembered = "Maildircrypt-Lease: 1\r\n";

/// Answers that may be remembered. Each revision is one change of the keys: then the connections
/// end as keyd's do.
struct RememberingKeyd {
    std::atomic<int> requests{0};
    std::atomic<std::int64_t> revision{5};
    std::mutex mutex{};
    std::vector<Peer*> peers{};
    FakeKeyd keyd{[this](Peer& peer, int) {
        {
            const std::lock_guard guard{mutex};
            peers.push_back(&peer);
        }
        while (!peer.request().empty()) {
            ++requests;
            peer.reply(answer(revision), "200 OK", may_be_remembered);
        }
    }};

    void change() {
        ++revision;
        const std::lock_guard guard{mutex};
        for (Peer* peer : peers) peer->hang_up();
        peers.clear();
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_keyd_lets_be_remembered_is_not_asked_again) {
    RememberingKeyd fake;
    KeyClient client{fake.keyd.path(), long_deadline};
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 10; ++i) BOOST_TEST(bool(client.lookup(ann)));
    // The first brings the lease, the second is the first one under it.
    if (std::chrono::steady_clock::now() - start < longest_lease) BOOST_TEST(fake.requests == 2);
    BOOST_TEST(fake.keyd.connections() == 2);
    BOOST_TEST(bool(client.lookup(address("bob@sealed.test"))) == false);  // an answer about ann
}

BOOST_AUTO_TEST_CASE(nothing_is_remembered_beyond_a_change) {
    RememberingKeyd fake;
    KeyClient client{fake.keyd.path(), long_deadline};
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 3; ++i) BOOST_TEST(bool(client.lookup(ann)));
        fake.change();
        const int before = fake.requests;
        BOOST_TEST(bool(client.lookup(ann)));
        BOOST_TEST(fake.requests == before + 1);
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_remembered_beyond_keyd) {
    auto fake = std::make_unique<RememberingKeyd>();
    KeyClient other{fake->keyd.path(), long_deadline};
    for (int i = 0; i < 3; ++i) BOOST_TEST(bool(other.lookup(ann)));
    fake->change();
    fake.reset();
    require_retry(other.lookup(ann), "connect");
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_under_way_at_a_change_is_not_remembered) {
    // The lease is there; the next question is answered only after the keys have changed.
    std::atomic<int> requests{0};
    std::atomic<bool> changed{false};
    Peer* leasing = nullptr;
    FakeKeyd keyd{[&](Peer& peer, int number) {
        if (number == 1) {
            (void)peer.request();
            peer.reply(answer(5), "200 OK", may_be_remembered);
            leasing = &peer;
            peer.wait_for_close();
            return;
        }
        while (!peer.request().empty()) {
            if (++requests == 1) {
                leasing->hang_up();
                changed = true;
            }
            peer.reply(answer(5), "200 OK", may_be_remembered);
        }
    }};
    KeyClient client{keyd.path(), long_deadline};
    BOOST_TEST(bool(client.lookup(ann)));
    BOOST_TEST(bool(client.lookup(ann)));
    BOOST_TEST(changed);
    BOOST_TEST(bool(client.lookup(ann)));
    BOOST_TEST(requests == 2);
}

BOOST_AUTO_TEST_SUITE_END()
