#include "pipe/lmtp_guard.hpp"
#include "tests/unit/lmtp_fakes.hpp"

namespace maildircrypt::lmtp {
namespace {

std::string code_of(const Verdict& verdict) {
    BOOST_TEST(verdict.reply.accepts() == verdict.treated.has_value());
    return std::to_string(verdict.reply.code) + ' ' + verdict.reply.enhanced;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lmtp_guard)

BOOST_AUTO_TEST_CASE(each_state_of_keys_has_its_default_treatment) {
    Stage stage;
    BOOST_TEST((stage.judge_path("<k1@x.test>").treated->treatment == Treatment::seal));
    BOOST_TEST((stage.judge_path("<old@x.test>").treated->treatment == Treatment::seal));
    BOOST_TEST((stage.judge_path("<none@x.test>").treated->treatment == Treatment::pass_clear));
    BOOST_TEST(code_of(stage.judge_path("<revoked@x.test>")) == "451 4.7.1");
    BOOST_TEST(code_of(stage.judge_path("<lost@x.test>")) == "451 4.7.1");
}

BOOST_AUTO_TEST_CASE(policy_rejects_or_defers_where_it_is_told_to) {
    Stage stage;
    stage.policy.no_key = Treatment::reject;
    stage.policy.expired = Treatment::defer;
    BOOST_TEST(code_of(stage.judge_path("<none@x.test>")) == "550 5.7.1");
    BOOST_TEST(code_of(stage.judge_path("<old@x.test>")) == "451 4.7.1");
}

BOOST_AUTO_TEST_CASE(an_address_outside_our_domains_is_never_asked_about) {
    Stage stage;
    stage.policy.domains = {"ours.test"};
    BOOST_TEST((stage.judge_path("<broken@x.test>").treated->treatment == Treatment::untouched));
    BOOST_TEST(stage.lookups == 0);
    BOOST_TEST(code_of(stage.judge_path("<broken@ours.test>")) == "451 4.3.0");
}

BOOST_AUTO_TEST_CASE(a_failed_lookup_means_later_and_says_that_it_was_one) {
    Stage stage;
    const auto verdict = stage.judge_path("<broken@x.test>");
    BOOST_TEST(code_of(verdict) == "451 4.3.0");
    BOOST_TEST(verdict.lookup_failed);
    BOOST_TEST(!stage.judge_path("<revoked@x.test>").lookup_failed);
}

BOOST_AUTO_TEST_CASE(a_detail_is_sealed_as_its_mailbox_where_a_delimiter_is_known) {
    Stage stage;
    BOOST_TEST((stage.judge_path("<k1+x@x.test>").treated->treatment == Treatment::pass_clear));
    stage.names.delimiter = "+";
    BOOST_TEST((stage.judge_path("<k1+x@x.test>").treated->treatment == Treatment::seal));
}

BOOST_AUTO_TEST_CASE(what_no_mailbox_can_be_called_is_put_off) {
    Stage stage;
    for (const char* path : {"<postmaster>", "<a@b@c.test>", "<a@>", "<@x.test>"})
        BOOST_TEST(code_of(stage.judge_path(path)) == "451 4.1.3", path);
    stage.hop.verdict = {451, "4.1.3", "no", {}};
    BOOST_TEST(code_of(stage.judge_path("<k1@x.test>")) == "451 4.1.3");
    BOOST_TEST(stage.lookups == 0);
}

/// RCPT TO:<k1@[192.0.2.1]> is what whoever writes says; with the mailbox's own name it is sealed.
BOOST_AUTO_TEST_CASE(an_address_literal_is_no_way_around_the_key) {
    Stage stage;
    for (const auto& domains : {std::vector<std::string>{}, std::vector<std::string>{"x.test"}}) {
        stage.policy.domains = domains;
        stage.names.domain.clear();
        const auto verdict = stage.judge_path("<k1@[192.0.2.1]>");
        BOOST_TEST(code_of(verdict) == "451 4.1.3");
        BOOST_TEST(!verdict.lookup_failed);
        stage.names.domain = "x.test";
        BOOST_TEST((stage.judge_path("<k1@[192.0.2.1]>").treated->treatment == Treatment::seal));
    }
}

BOOST_AUTO_TEST_CASE(a_declared_size_counts_sealed_against_the_next_hops_limit) {
    Stage stage;
    stage.hop.room = 4000;
    BOOST_TEST(code_of(stage.judge_path("<k1@x.test>", {"<>", 3000, false, {}, {}})) ==
               "250 2.1.5");
    BOOST_TEST(code_of(stage.judge_path("<k1@x.test>", {"<>", 3003, false, {}, {}})) ==
               "552 5.3.4");
    BOOST_TEST(code_of(stage.judge_path("<none@x.test>", {"<>", 3999, false, {}, {}})) ==
               "250 2.1.5");
}

BOOST_AUTO_TEST_CASE(recipients_in_flight_have_a_limit_and_give_their_places_back) {
    Stage stage;
    {
        std::vector<Verdict> verdicts;
        for (int i = 0; i < 100; ++i) verdicts.push_back(stage.judge_path("<k1@x.test>"));
        BOOST_TEST(code_of(verdicts.back()) == "250 2.1.5");
        BOOST_TEST(code_of(stage.judge_path("<k1@x.test>")) == "452 4.3.2");
    }
    BOOST_TEST(stage.in_flight.used() == 0U);
    stage.judge_path("<revoked@x.test>");
    stage.judge_path("<broken@x.test>");
    BOOST_TEST(stage.in_flight.used() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
