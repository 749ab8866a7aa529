#include "pipe/lmtp_transaction.hpp"
#include "tests/unit/lmtp_fakes.hpp"

#include <algorithm>

namespace maildircrypt::lmtp {
namespace {

constexpr std::string_view letter =
    "From: a@x.test\r\nSubject: hidden\r\n\r\nthe secret plaintext of this letter\r\n";
constexpr std::string_view secret = "secret plaintext";

using Codes = std::vector<int>;

struct Done {
    Codes codes;
    std::vector<Reply> replies;
};

Done send(Stage& stage, const std::vector<std::string>& paths, std::string_view message,
          std::size_t piece_size = 7) {
    Transaction transaction{
        stage.guard, "test.1", {"<s@x.test>", {}, false, {}, {}}, stage.treat_all(paths)};
    for (; !message.empty(); message.remove_prefix(std::min(piece_size, message.size())))
        transaction.write(message.substr(0, piece_size));
    Done done{{}, transaction.deliver(std::chrono::steady_clock::now() + std::chrono::hours{1})};
    for (const auto& reply : done.replies) done.codes.push_back(reply.code);
    return done;
}

const FakeHop::Delivered& delivered_to(const Stage& stage, const std::string& path) {
    const auto found = std::find_if(
        stage.hop.delivered.begin(), stage.hop.delivered.end(), [&](const auto& delivered) {
            return std::find(delivered.paths.begin(), delivered.paths.end(), path) !=
                   delivered.paths.end();
        });
    BOOST_REQUIRE_MESSAGE(found != stage.hop.delivered.end(), "nothing for " << path);
    return *found;
}

bool is_sealed(const FakeHop::Delivered& delivered) {
    return delivered.origin == TextOrigin::sealed &&
           delivered.text.find("-----END PGP MESSAGE-----") != std::string::npos &&
           delivered.text.find(secret) == std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lmtp_transaction)

BOOST_AUTO_TEST_CASE(each_kind_of_recipient_gets_their_copy_and_answers_are_in_order) {
    Stage stage;
    stage.policy.domains = {"x.test"};
    const auto done = send(
        stage, {"<a@x.test>", "<k1@x.test>", "<b@x.test>", "<c@else.test>", "<k2@x.test>"}, letter);
    BOOST_TEST(done.codes == Codes(5, 250));
    BOOST_TEST(stage.hop.delivered.size() == 4U);
    BOOST_TEST(is_sealed(delivered_to(stage, "<k1@x.test>")));
    BOOST_TEST(is_sealed(delivered_to(stage, "<k2@x.test>")));
    BOOST_TEST(delivered_to(stage, "<k1@x.test>").text != delivered_to(stage, "<k2@x.test>").text);
    BOOST_TEST(delivered_to(stage, "<c@else.test>").text == letter);
    const auto& clear = delivered_to(stage, "<a@x.test>");
    BOOST_TEST(clear.paths == (std::vector<std::string>{"<a@x.test>", "<b@x.test>"}));
    BOOST_TEST(clear.text.starts_with("Maildircrypt-Provenance: clear; host=mx.test; "));
    BOOST_TEST(clear.text.ends_with(letter));
    BOOST_TEST(stage.hop.open_deliveries == 0);
    BOOST_TEST(stage.in_flight.used() == 0U);
}

BOOST_AUTO_TEST_CASE(clear_copies_are_shared_only_for_the_same_reason) {
    Stage stage;
    stage.policy.expired = Treatment::pass_clear;
    send(stage, {"<none@x.test>", "<old@x.test>"}, letter);
    BOOST_TEST(stage.hop.delivered.size() == 2U);
    BOOST_TEST(delivered_to(stage, "<old@x.test>").text.find("reason=expired") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_empty_message_is_delivered_too) {
    Stage stage;
    BOOST_TEST(send(stage, {"<k1@x.test>", "<none@x.test>"}, "").codes == Codes(2, 250));
    BOOST_TEST(is_sealed(delivered_to(stage, "<k1@x.test>")));
}

BOOST_AUTO_TEST_CASE(a_message_that_is_not_completed_is_delivered_to_nobody) {
    Stage stage;
    {
        Transaction transaction{stage.guard,
                                "test.1",
                                {"<>", {}, false, {}, {}},
                                stage.treat_all({"<k1@x.test>", "<none@x.test>"})};
        transaction.write(letter.substr(0, 20));
        BOOST_TEST(stage.hop.open_deliveries == 0);
        transaction.write(letter.substr(20));
        BOOST_TEST(stage.hop.open_deliveries == 2);
    }
    BOOST_TEST(stage.hop.delivered.empty());
    BOOST_TEST(stage.hop.open_deliveries == 0);
    BOOST_TEST(stage.in_flight.used() == 0U);
}

BOOST_AUTO_TEST_CASE(a_fault_of_one_copy_leaves_the_others_alone) {
    for (const bool opens : {false, true}) {
        Stage stage;
        (opens ? stage.hop.fails_to_write : stage.hop.fails_to_open) = "<k1@x.test>";
        const auto done = send(stage, {"<k1@x.test>", "<none@x.test>", "<k2@x.test>"}, letter);
        BOOST_TEST(done.codes == (Codes{451, 250, 250}));
        BOOST_TEST(done.replies[0].enhanced == "4.3.0");
        BOOST_TEST(stage.hop.delivered.size() == 2U);
    }
}

BOOST_AUTO_TEST_CASE(a_verdict_of_the_next_hop_is_the_recipients_alone) {
    Stage stage;
    stage.hop.at_end["<b@x.test>"] = {552, "5.2.2", "full", {}};
    stage.hop.at_end["<k2@x.test>"] = {451, "4.2.0", "later", {}};
    const auto done =
        send(stage, {"<a@x.test>", "<b@x.test>", "<k1@x.test>", "<k2@x.test>"}, letter);
    BOOST_TEST(done.codes == (Codes{250, 552, 250, 451}));
    BOOST_TEST(done.replies[1].text == "full");
    BOOST_TEST(done.replies[0].text == "saved (test.1)");
}

BOOST_AUTO_TEST_CASE(what_is_encrypted_to_a_recipient_already_is_replayed_to_them_alone) {
    Stage stage;
    send(stage, {"<k1@x.test>"}, letter);
    const std::string sealed = stage.hop.delivered.front().text;
    stage.hop.delivered.clear();
    const auto done =
        send(stage, {"<k2@x.test>", "<k1@x.test>", "<none@x.test>", "<k1@X.test>"}, sealed, 1000);
    BOOST_TEST(done.codes == Codes(4, 250));
    const auto& original = delivered_to(stage, "<k1@x.test>");
    BOOST_TEST(original.text == sealed);
    BOOST_TEST((original.origin == TextOrigin::as_it_is));
    BOOST_TEST(original.paths == (std::vector<std::string>{"<k1@x.test>", "<k1@X.test>"}));
    BOOST_TEST(delivered_to(stage, "<k2@x.test>").text != sealed);
    BOOST_TEST(is_sealed(delivered_to(stage, "<k2@x.test>")));
}

BOOST_AUTO_TEST_CASE(the_original_survives_the_recipient_whose_sealer_keeps_it) {
    Stage stage;
    send(stage, {"<k1@x.test>"}, letter);
    const std::string sealed = stage.hop.delivered.front().text;
    for (const bool opens : {false, true}) {
        stage.hop.delivered.clear();
        (opens ? stage.hop.fails_to_write : stage.hop.fails_to_open) = "<k2@x.test>";
        const auto done = send(stage, {"<k2@x.test>", "<k1@x.test>"}, sealed, 1000);
        BOOST_TEST(done.codes == (Codes{451, 250}));
        BOOST_TEST(delivered_to(stage, "<k1@x.test>").text == sealed);
        stage.hop.fails_to_open.clear();
    }
}

BOOST_AUTO_TEST_CASE(headers_in_flight_have_a_budget_and_give_it_back) {
    Stage stage;  // 64 KiB, three octets for each
    const std::string fits = "X: " + std::string(21000, 'x') + "\r\n\r\nbody\r\n";
    const std::string exceeds = "X: " + std::string(23000, 'x') + "\r\n\r\nbody\r\n";
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(send(stage, {"<k1@x.test>", "<none@x.test>"}, fits).codes == Codes(2, 250));
        BOOST_TEST(send(stage, {"<k1@x.test>", "<none@x.test>"}, exceeds).codes == Codes(2, 451));
    }
    BOOST_TEST(stage.hop.delivered.size() == 6U);
    const std::string long_body = "X: y\r\n\r\n" + std::string(500000, 'b') + "\r\n";
    BOOST_TEST(send(stage, {"<k1@x.test>"}, long_body, 1000).codes == Codes(1, 250));
    BOOST_TEST(stage.headers.take(64 * 1024));
}

BOOST_AUTO_TEST_CASE(no_recipient_is_ever_answered_for_by_another) {
    Stage stage;
    std::vector<std::string> paths;
    for (int i = 0; i < 30; ++i) {
        const std::string kind = i % 3 == 0 ? "k1" : i % 3 == 1 ? "none" : "k2";
        paths.push_back('<' + kind + "@d" + std::to_string(i) + ".test>");
        if (i % 2 == 0) stage.hop.at_end[paths.back()] = {550, "5.1.1", std::to_string(i), {}};
    }
    const auto done = send(stage, paths, letter);
    for (std::size_t i = 0; i < paths.size(); ++i) {
        BOOST_TEST(done.codes[i] == (i % 2 == 0 ? 550 : 250));
        if (i % 2 == 0) BOOST_TEST(done.replies[i].text == std::to_string(i));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
