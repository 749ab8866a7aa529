#include "milter/session.hpp"
#include "milter_fakes.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

const Peer outside{"203.0.113.9", 40000};
const Peer own{"127.0.0.1", 40000};
const Peer local{"127.0.0.1", 0};

const std::string proceed = "proceed";
const std::string accept = "accept";
const std::string fault = "451 4.3.0 Encryption is not available at the moment, try again later";
const std::string come_back = "452 4.5.3 Send to this recipient in a separate transaction";
const std::string separately =
    "550 5.5.3 Not sent to anybody: recipients with and without an encryption key need separate "
    "messages";
const std::string too_large = "552 5.3.4 Message would be larger than allowed once it is encrypted";
const std::string busy = "451 4.3.2 Too many messages at once, try again later";

std::string text(const MilterReply& reply) {
    switch (reply.action) {
        case MilterReply::Action::proceed:
            return proceed;
        case MilterReply::Action::accept:
            return accept;
        case MilterReply::Action::defer:
        case MilterReply::Action::reject:
            return reply.line();
    }
    return "?";
}

using Fields = std::vector<FakeMta::Field>;

const Fields letter{{"From", " ada@out.test"},
                    {"To", " alice@ours.test"},
                    {"Subject", " a secret subject"},
                    {"X-Secret", " inside\n folded"},
                    {"Maildircrypt-Provenance", " sealed; host=forged"}};
const std::string letter_body = "The secret text.\r\n";

/// One connection, with alice and bob who have keys and carol who has none.
class Talk {
public:
    FakeService world;
    MilterSession session{world.service};

    explicit Talk(const std::optional<Peer>& peer = outside) {
        world.add("alice@ours.test", KeyState::sealable, 1);
        world.add("bob@ours.test", KeyState::sealable, 2);
        session.connect(peer);
    }

    void mail(const std::vector<std::string_view>& arguments = {"<ada@out.test>"},
              const FakeMacros& macros = {}) {
        session.mail(arguments, macros);
    }
    std::string recipient(const std::string& address, const FakeMacros& macros = {}) {
        return text(session.recipient("<" + address + ">", macros));
    }
    std::string data() { return text(session.data(FakeMacros{{"i", "4abcDEF"}})); }
    void header(const Fields& fields) {
        for (const auto& [name, value] : fields) session.field(name, value);
        session.end_of_header();
    }
    std::string end(FakeMta& mta) {
        return text(session.end_of_message(mta, FakeMacros{{"i", "4abcDEF"}}));
    }

    /// From MAIL to the end for recipients who are all admitted.
    std::string send(const std::vector<std::string>& recipients, FakeMta& mta,
                     const Fields& fields = letter, const std::string& body = letter_body) {
        mail();
        for (const auto& address : recipients) BOOST_TEST(recipient(address) == proceed);
        if (const auto reply = data(); reply != proceed) return reply;
        header(fields);
        session.body(body);
        return end(mta);
    }
};

bool is_sealed(const FakeMta& mta) {
    return mta.body().find("-----BEGIN PGP MESSAGE-----") != std::string::npos &&
           mta.body().find("secret") == std::string::npos &&
           mta.header().find("secret") == std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_session)

BOOST_AUTO_TEST_CASE(mail_to_a_recipient_with_a_key_is_sealed) {
    Talk talk;
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.send({"alice@ours.test"}, mta) == proceed);
    BOOST_TEST(is_sealed(mta));
    BOOST_TEST(mta.body_runs() == 1);
    BOOST_TEST(mta.body().size() >= letter_body.size());
    BOOST_TEST(mta.values("Subject") == std::vector<std::string>{" ..."});
    BOOST_TEST(mta.values("X-Secret").empty());
    BOOST_TEST(mta.values("From") == std::vector<std::string>{" ada@out.test"});
    const auto marks = mta.values("Maildircrypt-Provenance");
    BOOST_REQUIRE(marks.size() == 1U);
    BOOST_TEST(marks[0].starts_with(" sealed; host=mx.test"));
    BOOST_TEST(marks[0].find("keys=") != std::string::npos);
    BOOST_TEST(mta.header().starts_with("Maildircrypt-Provenance:"));
    BOOST_TEST(mta.values("Content-Type").size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_empty_message_and_a_null_sender_are_sealed_too) {
    Talk talk;
    FakeMta mta{{}, ""};
    talk.mail({"<>"});
    BOOST_TEST(talk.recipient("alice@ours.test") == proceed);
    BOOST_TEST(talk.data() == proceed);
    talk.header({});
    BOOST_TEST(talk.end(mta) == proceed);
    BOOST_TEST(is_sealed(mta));
}

BOOST_AUTO_TEST_CASE(beyond_ascii_a_key_of_what_was_typed_counts_as_one_of_the_canonical_form) {
    const FakeMacros folded{{"{rcpt_mailer}", "virtual"}, {"{rcpt_addr}", "gross@ours.test"}};
    for (const std::string keyed : {"gro\u00df@ours.test", "gross@ours.test"}) {
        Talk talk;
        talk.world.add(keyed, KeyState::sealable);
        FakeMta mta{letter, letter_body};
        talk.mail();
        for (int times = 0; times < 2; ++times)
            BOOST_TEST(talk.recipient("gro\u00df@ours.test", folded) == proceed);
        BOOST_TEST(talk.data() == proceed);
        talk.header(letter);
        talk.session.body(letter_body);
        BOOST_TEST(talk.end(mta) == proceed);
        BOOST_TEST(is_sealed(mta), keyed);
        BOOST_TEST(mta.values("Maildircrypt-Provenance")[0].find(',') == std::string::npos);
    }
    Talk talk;
    talk.world.add("gro\u00df@ours.test", KeyState::tombstone);
    talk.mail();
    BOOST_TEST(talk.recipient("gro\u00df@ours.test", folded) != proceed);
}

BOOST_AUTO_TEST_CASE(mail_for_others_is_untouched_and_keyd_is_not_asked) {
    Talk talk;
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.send({"someone@theirs.test"}, mta) == accept);
    BOOST_TEST(talk.world.lookups == 0);
    BOOST_TEST(!mta.edited());
}

BOOST_AUTO_TEST_CASE(mail_without_a_key_passes_with_our_mark_alone) {
    Talk talk;
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.send({"carol@ours.test"}, mta) == proceed);
    BOOST_TEST(!mta.replaced());
    const std::vector<std::string> mark{" clear; host=mx.test; reason=no-key"};
    BOOST_TEST(mta.values("Maildircrypt-Provenance") == mark);
    BOOST_TEST(mta.header().starts_with("Maildircrypt-Provenance:"));
    BOOST_TEST(mta.values("X-Secret").size() == 1U);
}

BOOST_AUTO_TEST_CASE(mail_in_clear_that_goes_outside_too_gets_no_mark_and_loses_forged_ones) {
    Talk talk;
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.send({"carol@ours.test", "someone@theirs.test"}, mta) == proceed);
    BOOST_TEST(!mta.replaced());
    BOOST_TEST(mta.values("Maildircrypt-Provenance").empty());
}

BOOST_AUTO_TEST_CASE(policy_answers_for_each_state_of_the_keys_at_rcpt) {
    const std::string revoked = "the recipient's encryption key was revoked";
    Talk talk;
    talk.world.add("expired@ours.test", KeyState::expired);
    talk.world.add("revoked@ours.test", KeyState::revoked);
    talk.world.add("gone@ours.test", KeyState::tombstone);
    talk.mail();
    BOOST_TEST(talk.recipient("expired@ours.test") == proceed);
    BOOST_TEST(talk.recipient("revoked@ours.test") == "451 4.7.1 Not accepted for now: " + revoked);
    BOOST_TEST(talk.recipient("gone@ours.test").starts_with("451 4.7.1 "));
    talk.world.policy.keys.revoked = Treatment::reject;
    talk.world.policy.keys.expired = Treatment::defer;
    talk.world.policy.keys.no_key = Treatment::reject;
    talk.mail();
    BOOST_TEST(talk.recipient("revoked@ours.test") == "550 5.7.1 Not accepted: " + revoked);
    BOOST_TEST(talk.recipient("gone@ours.test").starts_with("550 5.7.1 "));
    BOOST_TEST(talk.recipient("expired@ours.test").starts_with("451 4.7.1 "));
    BOOST_TEST(talk.recipient("carol@ours.test").starts_with("550 5.7.1 "));
    talk.world.policy.keys.revoked = Treatment::pass_clear;
    talk.world.policy.keys.no_key = Treatment::defer;
    talk.mail();
    BOOST_TEST(talk.recipient("revoked@ours.test") == proceed);
    BOOST_TEST(talk.recipient("carol@ours.test").starts_with("451 4.7.1 "));
}

BOOST_AUTO_TEST_CASE(a_silent_keyd_defers_and_never_lets_mail_pass) {
    Talk talk;
    talk.world.keyd_fails = true;
    talk.mail();
    BOOST_TEST(talk.recipient("alice@ours.test") == fault);
    BOOST_TEST(talk.recipient("carol@ours.test") == fault);
    BOOST_TEST(talk.recipient("someone@theirs.test") == proceed);
    BOOST_TEST(talk.data() == accept);
}

BOOST_AUTO_TEST_CASE(an_answer_of_keyd_without_keys_to_seal_to_defers) {
    Talk talk;
    talk.world.keys["alice@ours.test"].plan.seal_to.clear();
    talk.mail();
    BOOST_TEST(talk.recipient("alice@ours.test") == fault);
}

BOOST_AUTO_TEST_CASE(without_a_guard_mixed_recipients_come_separately_or_not_at_all) {
    {
        Talk talk{outside};
        talk.mail();
        BOOST_TEST(talk.recipient("alice@ours.test") == proceed);
        BOOST_TEST(talk.recipient("carol@ours.test") == come_back);
        BOOST_TEST(talk.recipient("someone@theirs.test") == come_back);
        FakeMta mta{letter, letter_body};
        BOOST_TEST(talk.data() == proceed);
        talk.header(letter);
        BOOST_TEST(talk.end(mta) == proceed);
        BOOST_TEST(is_sealed(mta));
    }
    for (const auto& peer : {own, local}) {
        Talk talk{peer};
        FakeMta mta{letter, letter_body};
        BOOST_TEST(talk.send({"carol@ours.test", "alice@ours.test"}, mta) == separately);
        BOOST_TEST(!mta.edited());
    }
}

BOOST_AUTO_TEST_CASE(with_a_guard_mixed_recipients_are_left_to_it) {
    for (const auto& peer : {outside, own, local}) {
        Talk talk{peer};
        talk.world.policy.envelope.guard = true;
        FakeMta mta{letter, letter_body};
        BOOST_TEST(talk.send({"alice@ours.test", "carol@ours.test"}, mta) == accept);
        BOOST_TEST(!mta.edited());
    }
}

BOOST_AUTO_TEST_CASE(a_login_and_our_networks_make_a_client_one_of_ours) {
    Talk talk{outside};
    talk.mail({"<ada@ours.test>"}, FakeMacros{{"{auth_authen}", "ada"}});
    BOOST_TEST(talk.recipient("alice@ours.test") == proceed);
    BOOST_TEST(talk.recipient("carol@ours.test") == proceed);
    BOOST_TEST(talk.data() == separately);
    talk.mail({"<ada@ours.test>"}, FakeMacros{{"{auth_authen}", ""}});
    BOOST_TEST(talk.recipient("alice@ours.test") == proceed);
    BOOST_TEST(talk.recipient("carol@ours.test") == come_back);
    Talk neighbour{Peer{"192.0.2.77", 40000}};
    neighbour.mail();
    BOOST_TEST(neighbour.recipient("alice@ours.test") == proceed);
    BOOST_TEST(neighbour.recipient("carol@ours.test") == proceed);
}

BOOST_AUTO_TEST_CASE(mail_without_smtp_is_answered_as_a_whole_and_later_beats_never) {
    for (const std::optional<Peer>& peer : {std::optional<Peer>{local}, std::optional<Peer>{}}) {
        Talk talk{peer};
        talk.world.add("revoked@ours.test", KeyState::revoked);
        talk.world.policy.keys.no_key = Treatment::reject;
        talk.mail();
        BOOST_TEST(talk.recipient("carol@ours.test") == proceed);
        BOOST_TEST(talk.recipient("alice@ours.test") == proceed);
        BOOST_TEST(talk.data().starts_with("550 5.7.1 "));
        talk.mail();
        BOOST_TEST(talk.recipient("revoked@ours.test") == proceed);
        BOOST_TEST(talk.recipient("carol@ours.test") == proceed);
        BOOST_TEST(talk.data().starts_with("451 4.7.1 "));
        talk.world.keyd_fails = true;
        talk.mail();
        BOOST_TEST(talk.recipient("alice@ours.test") == proceed);
        BOOST_TEST(talk.recipient("someone@theirs.test") == proceed);
        BOOST_TEST(talk.data() == fault);
    }
}

BOOST_AUTO_TEST_CASE(the_answers_of_data_stand_at_the_end_when_the_mta_leaves_data_out) {
    Talk refused{own};
    FakeMta mta{letter, letter_body};
    refused.mail();
    refused.recipient("alice@ours.test");
    refused.recipient("carol@ours.test");
    refused.header(letter);
    BOOST_TEST(refused.end(mta) == separately);
    Talk sealed;
    sealed.mail();
    sealed.recipient("alice@ours.test");
    sealed.header(letter);
    sealed.session.body(letter_body);
    BOOST_TEST(sealed.end(mta) == proceed);
    BOOST_TEST(is_sealed(mta));
    FakeMta other{letter, letter_body};
    Talk foreign;
    foreign.mail();
    foreign.recipient("someone@theirs.test");
    foreign.header(letter);
    BOOST_TEST(foreign.end(other) == accept);
}

BOOST_AUTO_TEST_CASE(several_recipients_who_are_named_share_one_message) {
    Talk talk;
    Fields fields = letter;
    fields[1].second = " Alice <alice@ours.test>";
    fields.emplace_back("Cc", " bob@ours.test");
    FakeMta mta{fields, letter_body};
    BOOST_TEST(talk.send({"alice@ours.test", "bob@ours.test", "Alice@ours.test"}, mta, fields) ==
               proceed);
    BOOST_TEST(is_sealed(mta));
    const auto mark = mta.values("Maildircrypt-Provenance").at(0);
    BOOST_TEST(mark.find(to_hex(sealable_key(1).fingerprint)) != std::string::npos);
    BOOST_TEST(mark.find(to_hex(sealable_key(2).fingerprint)) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_who_is_not_named_makes_the_recipients_anonymous) {
    Talk talk;
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.send({"alice@ours.test", "bob@ours.test"}, mta) == proceed);
    BOOST_TEST(is_sealed(mta));
    BOOST_TEST(mta.values("Maildircrypt-Provenance").at(0).find("keys=") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_who_is_not_named_is_left_to_the_guard) {
    Talk talk;
    talk.world.policy.envelope.guard = true;
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.send({"alice@ours.test", "bob@ours.test"}, mta) == accept);
    BOOST_TEST(!mta.edited());
}

BOOST_AUTO_TEST_CASE(a_single_recipient_need_not_be_named) {
    Talk talk;
    talk.world.policy.envelope.guard = true;
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.send({"bob@ours.test"}, mta) == proceed);
    BOOST_TEST(is_sealed(mta));
    BOOST_TEST(mta.values("Maildircrypt-Provenance").at(0).find("keys=") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(recipients_are_asked_to_come_one_at_a_time_when_configured) {
    Talk talk;
    talk.world.policy.envelope.one_recipient = true;
    talk.mail();
    BOOST_TEST(talk.recipient("alice@ours.test") == proceed);
    BOOST_TEST(talk.recipient("alice@OURS.test") == proceed);
    BOOST_TEST(talk.recipient("bob@ours.test") == come_back);
}

BOOST_AUTO_TEST_CASE(a_long_header_that_nobody_is_known_to_be_named_in_makes_anonymous) {
    Talk talk;
    Fields fields{{"X-Long", std::string(SealedContent::max_gathered, 'x')},
                  {"To", " alice@ours.test, bob@ours.test"}};
    FakeMta mta{fields, letter_body};
    BOOST_TEST(talk.send({"alice@ours.test", "bob@ours.test"}, mta, fields) == proceed);
    BOOST_TEST(is_sealed(mta));
    BOOST_TEST(mta.values("Maildircrypt-Provenance").at(0).find("keys=") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_recipient_that_is_no_address_of_ours_is_refused_unless_a_guard_looks) {
    const std::string long_name(300, 'a');
    Talk talk;
    talk.mail();
    BOOST_TEST(talk.recipient(long_name + "@ours.test").starts_with("553 5.1.3 "));
    BOOST_TEST(talk.recipient("postmaster").starts_with("553 5.1.3 "));
    BOOST_TEST(talk.recipient("alice@[192.0.2.1]").starts_with("553 5.1.3 "));
    BOOST_TEST(talk.recipient(long_name + "@theirs.test") == proceed);
    BOOST_TEST(talk.data() == accept);
    talk.world.policy.envelope.guard = true;
    talk.mail();
    BOOST_TEST(talk.recipient(long_name + "@ours.test") == proceed);
    BOOST_TEST(talk.recipient("alice@[192.0.2.1]") == proceed);
    BOOST_TEST(talk.data() == accept);
}

BOOST_AUTO_TEST_CASE(a_declared_size_that_cannot_fit_once_sealed_is_refused_at_rcpt) {
    Talk talk;
    talk.world.policy.size_limit = 78'000;
    talk.mail({"<ada@out.test>", "SIZE=57000"});
    BOOST_TEST(talk.recipient("alice@ours.test") == proceed);
    talk.mail({"<ada@out.test>", "BODY=8BITMIME", "size=57001"});
    BOOST_TEST(talk.recipient("alice@ours.test") == too_large);
    BOOST_TEST(talk.recipient("carol@ours.test") == proceed);
    talk.mail({"<ada@out.test>", "SIZE=57001x"});
    BOOST_TEST(talk.recipient("alice@ours.test") == proceed);
}

BOOST_AUTO_TEST_CASE(a_message_that_does_not_fit_once_sealed_is_refused_at_its_end) {
    Talk talk;
    FakeMta small{letter, letter_body};
    BOOST_TEST(talk.send({"alice@ours.test"}, small) == proceed);
    const std::size_t size = small.body().size() + small.header().size();
    FakeMta mta{letter, std::string(100'000, 'x')};
    talk.world.policy.size_limit = size + 5000;
    BOOST_TEST(talk.send({"alice@ours.test"}, mta, letter, std::string(100'000, 'x')) == too_large);
    BOOST_TEST(!mta.edited());
    FakeMta again{letter, letter_body};
    BOOST_TEST(talk.send({"alice@ours.test"}, again) == proceed);
}

BOOST_AUTO_TEST_CASE(beyond_the_cap_on_messages_the_answer_is_later) {
    Talk first;
    std::vector<Admissions::Ticket> others;
    for (std::size_t i = 0; i < first.world.max_messages; ++i)
        others.push_back(std::move(*first.world.admissions.admit()));
    FakeMta mta{letter, letter_body};
    BOOST_TEST(first.send({"alice@ours.test"}, mta) == busy);
    BOOST_TEST(first.send({"carol@ours.test"}, mta) == busy);
    BOOST_TEST(!mta.edited());
    others.pop_back();
    BOOST_TEST(first.send({"alice@ours.test"}, mta) == proceed);
    BOOST_TEST(first.world.admissions.admit().has_value());
}

BOOST_AUTO_TEST_CASE(beyond_the_cap_on_octets_the_answer_is_later) {
    Talk talk;
    auto other = talk.world.admissions.admit();
    BOOST_REQUIRE(other->take(talk.world.max_octets - 1000));
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.send({"alice@ours.test"}, mta) == busy);
    BOOST_TEST(!mta.edited());
    other.reset();
    BOOST_TEST(talk.send({"alice@ours.test"}, mta) == proceed);
}

BOOST_AUTO_TEST_CASE(beyond_the_cap_on_header_octets_the_answer_is_later) {
    Talk talk;
    auto other = talk.world.admissions.admit();
    BOOST_REQUIRE(other->take_header(max_header_octets_in_flight - 10));
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.send({"alice@ours.test"}, mta) == busy);
    BOOST_TEST(talk.send({"carol@ours.test"}, mta) == busy);
    BOOST_TEST(!mta.edited());
    other.reset();
    BOOST_TEST(talk.send({"alice@ours.test"}, mta) == proceed);
    BOOST_TEST(talk.world.admissions.admit()->take_header(max_header_octets_in_flight));
}

BOOST_AUTO_TEST_CASE(too_many_fields_or_octets_of_them_are_refused) {
    const std::string refused = "552 5.3.4 Message header is too large";
    Talk talk;
    Fields fields(max_fields, {"X", " y"});
    FakeMta fits{fields, ""};
    BOOST_TEST(talk.send({"carol@ours.test"}, fits, fields) == proceed);
    fields.emplace_back("X", " y");
    FakeMta many{fields, ""};
    BOOST_TEST(talk.send({"alice@ours.test"}, many, fields) == refused);
    const Fields largest{{"X", std::string(max_field_octets - 4, 'y')}};
    FakeMta large{largest, ""};
    BOOST_TEST(talk.send({"alice@ours.test"}, large, largest) == proceed);
    const Fields larger{{"X", std::string(max_field_octets - 3, 'y')}};
    FakeMta beyond{larger, ""};
    BOOST_TEST(talk.send({"alice@ours.test"}, beyond, larger) == refused);
    BOOST_TEST(!beyond.edited());
}

BOOST_AUTO_TEST_CASE(no_more_keyed_recipients_than_one_message_takes) {
    Talk talk;
    talk.mail();
    for (std::size_t i = 0; i <= max_keyed_recipients; ++i) {
        const std::string address = "user" + std::to_string(i) + "@ours.test";
        talk.world.add(address, KeyState::sealable);
        const std::string reply = talk.recipient(address);
        if (i < max_keyed_recipients)
            BOOST_REQUIRE_EQUAL(reply, proceed);
        else
            BOOST_TEST(reply.starts_with("452 4.5.3 "));
    }
}

BOOST_AUTO_TEST_CASE(a_failing_spill_defers) {
    Talk talk;
    SpillBudget nowhere{0, "/nonexistent"};
    const FakeService& w = talk.world;
    const MilterService service{
        w.policy, w.seal, w.crypto, w.lookup, w.log, nowhere, talk.world.admissions};
    MilterSession session{service};
    session.connect(outside);
    const std::vector<std::string_view> sender{"<>"};
    session.mail(sender, FakeMacros{});
    session.recipient("<alice@ours.test>", FakeMacros{});
    session.data(FakeMacros{});
    session.field("To", " x");
    session.end_of_header();
    session.body(letter_body);
    FakeMta mta{letter, letter_body};
    BOOST_TEST(text(session.end_of_message(mta, FakeMacros{})) == fault);
    BOOST_TEST(!mta.edited());
}

BOOST_AUTO_TEST_CASE(an_edit_that_fails_defers_the_message_wherever_it_fails) {
    for (const char* address : {"alice@ours.test", "carol@ours.test"}) {
        int edits = 0;
        for (;; ++edits) {
            Talk talk;
            FakeMta mta{letter, letter_body};
            mta.fail_after(edits);
            const std::string reply = talk.send({address}, mta);
            if (reply == proceed) break;
            BOOST_TEST(reply == fault);
            BOOST_REQUIRE(edits < 50);
        }
        BOOST_TEST(edits > 1);
    }
}

BOOST_AUTO_TEST_CASE(aborts_in_every_state_leave_a_session_that_works) {
    for (int state = 0; state < 7; ++state) {
        Talk talk;
        if (state > 0) talk.mail();
        if (state > 1) talk.recipient("bob@ours.test");
        if (state > 2) talk.data();
        if (state > 3) talk.session.field("Subject", " hello");
        if (state > 4) talk.session.end_of_header();
        if (state > 5) talk.session.body("text");
        talk.session.abort();
        FakeMta mta{letter, letter_body};
        BOOST_TEST(talk.send({"alice@ours.test"}, mta) == proceed);
        BOOST_TEST(is_sealed(mta));
        const auto mark = mta.values("Maildircrypt-Provenance").at(0);
        BOOST_TEST(mark.find(to_hex(sealable_key(2).fingerprint)) == std::string::npos);
        for (std::size_t i = 0; i < talk.world.max_messages; ++i) {
            auto ticket = talk.world.admissions.admit();
            BOOST_TEST(ticket.has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_new_message_forgets_the_one_before_even_without_an_abort) {
    Talk talk;
    talk.mail();
    talk.recipient("bob@ours.test");
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.send({"carol@ours.test"}, mta) == proceed);
    BOOST_TEST(!mta.replaced());
    for (int i = 0; i < 5; ++i) {
        FakeMta next{letter, letter_body};
        BOOST_TEST(talk.send({"alice@ours.test"}, next) == proceed);
        BOOST_TEST(is_sealed(next));
    }
}

BOOST_AUTO_TEST_CASE(callbacks_in_a_senseless_order_never_let_mail_pass) {
    Talk talk;
    FakeMta mta{letter, letter_body};
    BOOST_TEST(talk.recipient("alice@ours.test") == fault);
    BOOST_TEST(talk.data() == fault);
    talk.header(letter);
    talk.session.body("x");
    BOOST_TEST(talk.end(mta) == fault);
    talk.mail();
    BOOST_TEST(talk.data() == fault);
    talk.mail();
    talk.header(letter);
    BOOST_TEST(talk.end(mta) == fault);
    talk.mail();
    talk.recipient("carol@ours.test");
    BOOST_TEST(talk.end(mta) == fault);
    talk.mail();
    talk.recipient("carol@ours.test");
    talk.header(letter);
    BOOST_TEST(talk.recipient("alice@ours.test") == fault);
    BOOST_TEST(talk.end(mta) == fault);
    talk.mail();
    talk.recipient("alice@ours.test");
    talk.session.body("body without header");
    BOOST_TEST(talk.end(mta) == fault);
    talk.mail();
    talk.recipient("alice@ours.test");
    talk.session.field("Subject", " no end of header");
    BOOST_TEST(talk.end(mta) == fault);
    BOOST_TEST(!mta.edited());
}

BOOST_AUTO_TEST_SUITE_END()
