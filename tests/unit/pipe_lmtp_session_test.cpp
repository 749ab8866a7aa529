#include "pipe/lmtp_limits.hpp"
#include "pipe/lmtp_session.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace maildircrypt::lmtp {
namespace {

/// A session with a caller that accepts every recipient but those that begin with "no", and answers
/// each message with "250 2.0.0 kept N".
class Talk {
public:
    explicit Talk(Offer offer = {}) : session("mx.test", std::move(offer)) {
        session.take_replies();
    }

    /// The replies to `wire`, fed in pieces of `piece_size` octets.
    std::string say(std::string_view wire) {
        for (; !wire.empty(); wire.remove_prefix(std::min(piece_size, wire.size())))
            feed(wire.substr(0, piece_size));
        return session.take_replies();
    }
    void begin() { say("LHLO c\r\nMAIL FROM:<s@x.test>\r\n"); }
    void begin_with(int recipients) {
        begin();
        for (int i = 0; i < recipients; ++i) say("RCPT TO:<r" + std::to_string(i) + "@x.test>\r\n");
    }

    Session session;
    std::size_t piece_size = 100000;
    std::vector<std::string> messages;  ///< whole ones
    std::string message;
    int begun = 0;
    int abandoned = 0;
    bool closed = false;

private:
    void feed(std::string_view piece) {
        while (!closed && act(session.next(piece))) {
        }
    }
    bool act(Session::Event event) {
        switch (event) {
            case Session::Event::need_input:
                return false;
            case Session::Event::replied:
                break;
            case Session::Event::recipient:
                answer();
                break;
            case Session::Event::begin:
                ++begun;
                message.clear();
                break;
            case Session::Event::content:
                message += session.content();
                break;
            case Session::Event::end:
                end();
                break;
            case Session::Event::abandoned:
                ++abandoned;
                break;
            case Session::Event::close:
                closed = true;
                break;
        }
        return true;
    }
    void answer() {
        const bool refused = session.candidate().path.starts_with("<no");
        session.answer_recipient(refused ? Reply{550, "5.1.1", "no", {}}
                                         : Reply{250, "2.1.5", "yes", {}});
    }
    void end() {
        messages.push_back(message);
        std::vector<Reply> replies;
        for (std::size_t i = 0; i < session.recipients().size(); ++i)
            replies.push_back({250, "2.0.0", "kept " + std::to_string(i), {}});
        session.answer_message(replies);
    }
};

int count(std::string_view text, std::string_view part) {
    int found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lmtp_session)

BOOST_AUTO_TEST_CASE(the_greeting_names_host_and_protocol) {
    Session session{"mx.test", {}};
    BOOST_TEST(session.take_replies() == "220 mx.test LMTP maildircrypt\r\n");
}

BOOST_AUTO_TEST_CASE(lhlo_lists_what_is_offered) {
    BOOST_TEST(Talk{}.say("LHLO c.test\r\n") ==
               "250-mx.test\r\n250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
               "250-ENHANCEDSTATUSCODES\r\n250 CHUNKING\r\n");
    Talk more{{1000, true, {"NAME", "ADDR"}}};
    const auto reply = more.say("LHLO c.test\r\n");
    BOOST_TEST(count(reply, "250-SIZE 1000\r\n250") == 1);
    BOOST_TEST(count(reply, "250-DSN\r\n250-XFORWARD NAME ADDR\r\n") == 1);
}

BOOST_AUTO_TEST_CASE(a_message_gets_one_answer_for_each_accepted_recipient_in_order) {
    for (const std::size_t size : {1U, 2U, 7U, 100000U}) {
        Talk talk;
        talk.piece_size = size;
        const auto replies = talk.say(
            "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@x.test>\r\nRCPT TO:<no@x.test>\r\n"
            "RCPT TO:<b@x.test>\r\nDATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n");
        BOOST_TEST(count(replies, "250 2.0.0 kept 0\r\n250 2.0.0 kept 1\r\n221 2.0.0") == 1);
        BOOST_TEST(count(replies, "kept") == 2);
        BOOST_TEST(talk.messages == std::vector<std::string>{"Subject: x\r\n\r\n.dot\r\n"});
        BOOST_TEST(talk.closed);
    }
}

BOOST_AUTO_TEST_CASE(several_messages_follow_each_other) {
    Talk talk;
    talk.say("LHLO c\r\n");
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(
            count(talk.say("MAIL FROM:<s@x.test>\r\nRCPT TO:<a@x.test>\r\nDATA\r\nx\r\n.\r\n"),
                  "kept") == 1);
    BOOST_TEST(talk.messages.size() == 3U);
}

BOOST_AUTO_TEST_CASE(commands_out_of_turn_are_refused_and_change_nothing) {
    Talk talk;
    BOOST_TEST(talk.say("MAIL FROM:<>\r\n").starts_with("503"));
    BOOST_TEST(talk.say("RCPT TO:<a@x.test>\r\n").starts_with("503"));
    BOOST_TEST(talk.say("DATA\r\n").starts_with("503"));
    talk.begin();
    BOOST_TEST(talk.say("MAIL FROM:<>\r\n").starts_with("503"));
    BOOST_TEST(talk.say("DATA\r\n").starts_with("503"));
    BOOST_TEST(talk.say("RCPT TO:<no@x.test>\r\n").starts_with("550"));
    BOOST_TEST(talk.say("DATA\r\n").starts_with("503"));
    BOOST_TEST(talk.begun == 0);
    BOOST_TEST(talk.say("RCPT TO:<a@x.test>\r\n").starts_with("250"));
    BOOST_TEST(talk.say("DATA now\r\n").starts_with("501"));
    BOOST_TEST(talk.say("DATA\r\n").starts_with("354"));
}

BOOST_AUTO_TEST_CASE(commands_without_a_transaction_have_their_answers) {
    Talk talk;
    BOOST_TEST(talk.say("LHLO\r\n").starts_with("501"));
    BOOST_TEST(talk.say("LHLO a b\r\n").starts_with("501"));
    BOOST_TEST(talk.say("NOOP anything\r\n").starts_with("250"));
    BOOST_TEST(talk.say("VRFY a@x.test\r\n").starts_with("252"));
    BOOST_TEST(talk.say("VRFY\r\n").starts_with("501"));
    BOOST_TEST(talk.say("HELP\r\n").starts_with("214"));
    BOOST_TEST(talk.say("EHLO c\r\n").starts_with("500"));
    BOOST_TEST(talk.say("HELO c\r\n").starts_with("500"));
    BOOST_TEST(talk.say("STARTTLS\r\n").starts_with("502"));
    BOOST_TEST(talk.say("XFORWARD NAME=a\r\n").starts_with("502"));
    BOOST_TEST(talk.say("EAT lunch\r\n").starts_with("500"));
    BOOST_TEST(talk.say("\r\n").starts_with("500"));
    BOOST_TEST(talk.say("RSET x\r\n").starts_with("501"));
    BOOST_TEST(talk.say("RSET\r\n").starts_with("250"));
    BOOST_TEST(talk.say("QUIT x\r\n").starts_with("501"));
    BOOST_TEST(talk.say("QUIT\r\n").starts_with("221"));
    BOOST_TEST(talk.closed);
}

BOOST_AUTO_TEST_CASE(rset_and_lhlo_forget_the_recipients) {
    for (const char* command : {"RSET\r\n", "LHLO c\r\n"}) {
        Talk talk;
        talk.begin_with(2);
        talk.say(command);
        BOOST_TEST(talk.abandoned == 1);
        BOOST_TEST(talk.session.recipients().empty());
        BOOST_TEST(talk.say("DATA\r\n").starts_with("503"));
    }
}

BOOST_AUTO_TEST_CASE(a_command_ends_with_crlf_and_nothing_else) {
    Talk talk;
    BOOST_TEST(talk.say("NOOP\nNOOP\n") == "");
    BOOST_TEST(count(talk.say("\r\n"), "500") == 1);
    BOOST_TEST(talk.say("NOOP\rNOOP\r\n").starts_with("500"));
    BOOST_TEST(talk.say(std::string_view{"NOOP\0\r\n", 7}).starts_with("500"));
}

BOOST_AUTO_TEST_CASE(a_command_line_has_a_limit) {
    for (const std::size_t size : {1U, 1000U, 100000U}) {
        Talk talk;
        talk.piece_size = size;
        BOOST_TEST(
            talk.say("NOOP " + std::string(max_command_line - 7, 'x') + "\r\n").starts_with("250"));
        BOOST_TEST(talk.say("NOOP " + std::string(max_command_line - 6, 'x') + "\r\n") ==
                   "500 5.5.2 The line is too long\r\n");
        BOOST_TEST(talk.say("NOOP " + std::string(100000, 'x') + "\n\r\r\nNOOP\r\n") ==
                   "500 5.5.2 The line is too long\r\n250 2.0.0 Ok\r\n");
        BOOST_TEST(talk.say(std::string(5000, '\n') + "\r\nNOOP\r\n") ==
                   "500 5.5.2 The line is too long\r\n250 2.0.0 Ok\r\n");
    }
}

BOOST_AUTO_TEST_CASE(recipients_have_a_limit) {
    Talk talk;
    talk.begin_with(static_cast<int>(max_recipients));
    BOOST_TEST(talk.session.recipients().size() == max_recipients);
    BOOST_TEST(talk.say("RCPT TO:<more@x.test>\r\n").starts_with("452 4.5.3"));
    BOOST_TEST(count(talk.say("DATA\r\n.\r\n"), "kept") == static_cast<int>(max_recipients));
}

BOOST_AUTO_TEST_CASE(bad_commands_have_a_limit_and_a_message_starts_the_count_anew) {
    Talk talk;
    for (int i = 1; i < max_bad_commands; ++i) BOOST_TEST(!talk.say("EAT\r\n").empty());
    talk.begin_with(1);
    talk.say("DATA\r\n.\r\n");
    for (int i = 1; i < max_bad_commands; ++i) BOOST_TEST(!talk.say("EAT\r\n").empty());
    BOOST_TEST(!talk.closed);
    BOOST_TEST(count(talk.say("EAT\r\nNOOP\r\n"), "421 4.3.2") == 1);
    BOOST_TEST(talk.closed);
}

BOOST_AUTO_TEST_CASE(the_size_limit_holds_when_declared) {
    Talk talk{{1000, false, {}}};
    talk.say("LHLO c\r\n");
    BOOST_TEST(talk.say("MAIL FROM:<> SIZE=1001\r\n").starts_with("552 5.3.4"));
    BOOST_TEST(talk.say("MAIL FROM:<> SIZE=1000\r\n").starts_with("250"));
}

BOOST_AUTO_TEST_CASE(the_size_limit_holds_when_it_was_not_declared) {
    for (const bool chunked : {false, true}) {
        Talk talk{{10, false, {}}};
        talk.begin_with(2);
        talk.say(chunked ? "BDAT 10 LAST\r\n12345678\r\n" : "DATA\r\n12345678\r\n.\r\n");
        BOOST_TEST(talk.messages.size() == 1U);
        talk.say("MAIL FROM:<>\r\nRCPT TO:<a@x.test>\r\nRCPT TO:<b@x.test>\r\n");
        const auto replies = talk.say(chunked ? "BDAT 11 LAST\r\n123456789\r\nNOOP\r\n"
                                              : "DATA\r\n123456789\r\n.\r\nNOOP\r\n");
        BOOST_TEST(count(replies, "552 5.3.4") == 2);
        BOOST_TEST(count(replies, "250 2.0.0 Ok") == 1);
        BOOST_TEST(talk.abandoned == 1);
        BOOST_TEST(talk.messages.size() == 1U);
        BOOST_TEST(talk.say("MAIL FROM:<>\r\n").starts_with("250"));
    }
}

BOOST_AUTO_TEST_CASE(chunks_are_joined_octet_for_octet) {
    for (const std::size_t size : {1U, 3U, 100000U}) {
        Talk talk;
        talk.piece_size = size;
        talk.begin_with(2);
        const auto replies = talk.say(
            "BDAT 6\r\na\r\n.\r\nBDAT 0\r\nBDAT 5\r\n\n.\nx\rBDAT 3 LAST\r\n\r\n.NOOP\r\n");
        BOOST_TEST(replies ==
                   "250 2.0.0 6 octets received\r\n250 2.0.0 0 octets received\r\n"
                   "250 2.0.0 5 octets received\r\n250 2.0.0 kept 0\r\n250 2.0.0 kept 1\r\n"
                   "250 2.0.0 Ok\r\n");
        BOOST_TEST(talk.messages == std::vector<std::string>{"a\r\n.\r\n\n.\nx\r\r\n."});
    }
}

BOOST_AUTO_TEST_CASE(a_chunk_that_nobody_wants_is_swallowed) {
    Talk talk;
    BOOST_TEST(talk.say("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n") ==
               "503 5.5.1 No recipient was accepted\r\n250 2.0.0 Ok\r\n");
    talk.begin();
    BOOST_TEST(talk.say("BDAT 6 LAST\r\nQUIT\r\nRCPT TO:<a@x.test>\r\n") ==
               "503 5.5.1 No recipient was accepted\r\n250 2.1.5 yes\r\n");
    BOOST_TEST(talk.begun == 0);
    BOOST_TEST(!talk.closed);
}

BOOST_AUTO_TEST_CASE(a_chunk_whose_size_cannot_be_read_ends_the_connection) {
    for (const char* line : {"BDAT\r\n", "BDAT x LAST\r\n", "BDAT -1\r\n"}) {
        Talk talk;
        talk.begin_with(1);
        const auto replies = talk.say(std::string{line} + "MAIL FROM:<smuggled@x.test>\r\n");
        BOOST_TEST(replies.starts_with("501 5.5.4"));
        BOOST_TEST(count(replies, "421 4.3.2") == 1);
        BOOST_TEST(talk.closed);
    }
}

BOOST_AUTO_TEST_CASE(data_and_bdat_do_not_mix) {
    Talk talk;
    talk.begin_with(1);
    talk.say("BDAT 2\r\nab");
    BOOST_TEST(talk.say("DATA\r\n").starts_with("503"));
    BOOST_TEST(talk.say("RCPT TO:<b@x.test>\r\n").starts_with("503"));
    BOOST_TEST(talk.say("MAIL FROM:<>\r\n").starts_with("503"));
    BOOST_TEST(count(talk.say("BDAT 2 LAST\r\ncd"), "kept 0") == 1);
    BOOST_TEST(talk.messages == std::vector<std::string>{"abcd"});
}

BOOST_AUTO_TEST_CASE(rset_between_chunks_abandons_the_message) {
    Talk talk;
    talk.begin_with(1);
    talk.say("BDAT 2\r\nab");
    BOOST_TEST(talk.session.in_message());
    BOOST_TEST(talk.say("RSET\r\n").starts_with("250"));
    BOOST_TEST(talk.abandoned == 1);
    BOOST_TEST(!talk.session.in_message());
    BOOST_TEST(talk.messages.empty());
    BOOST_TEST(talk.say("BDAT 2 LAST\r\nab").starts_with("503"));
}

BOOST_AUTO_TEST_CASE(parameters_of_mail_are_checked) {
    Talk talk;
    talk.say("LHLO c\r\n");
    for (const char* parameters :
         {"SIZE=", "SIZE=x", "SIZE=1 SIZE=1", "BODY=BINARYMIME", "BODY=x", "SMTPUTF8=1", "SIZE"})
        BOOST_TEST(talk.say("MAIL FROM:<> " + std::string{parameters} + "\r\n").starts_with("501"),
                   parameters);
    for (const char* parameters : {"RET=FULL", "ENVID=x", "AUTH=<>", "X=1"})
        BOOST_TEST(talk.say("MAIL FROM:<> " + std::string{parameters} + "\r\n").starts_with("555"),
                   parameters);
    BOOST_TEST(
        talk.say("MAIL FROM:<s@x.test> SIZE=5 BODY=8bitmime SMTPUTF8\r\n").starts_with("250"));
    BOOST_TEST(talk.session.sender().path == "<s@x.test>");
    BOOST_TEST(*talk.session.sender().size == 5U);
    BOOST_TEST(talk.session.sender().smtputf8);
    BOOST_REQUIRE(talk.session.sender().kept.size() == 1U);
    BOOST_TEST(talk.session.sender().kept.front().value == "8bitmime");
}

BOOST_AUTO_TEST_CASE(dsn_is_kept_where_the_next_hop_offers_it_and_refused_elsewhere) {
    Talk plain;
    plain.begin();
    BOOST_TEST(plain.say("RCPT TO:<a@x.test> NOTIFY=NEVER\r\n").starts_with("555"));
    Talk talk{{0, true, {}}};
    talk.say("LHLO c\r\nMAIL FROM:<> RET=HDRS ENVID=a+2Bb\r\n");
    BOOST_TEST(talk.session.sender().kept.size() == 2U);
    for (const char* parameters : {"NOTIFY=", "NOTIFY=NEVER,FAILURE", "NOTIFY=x", "ORCPT=a@x.test",
                                   "ORCPT=rfc822;", "ORCPT=;a", "NOTIFY=DELAY NOTIFY=DELAY"})
        BOOST_TEST(
            talk.say("RCPT TO:<a@x.test> " + std::string{parameters} + "\r\n").starts_with("501"),
            parameters);
    BOOST_TEST(talk.say("RCPT TO:<a@x.test> NOTIFY=failure,DELAY ORCPT=rfc822;A@x.test\r\n")
                   .starts_with("250"));
    BOOST_REQUIRE(talk.session.recipients().size() == 1U);
    BOOST_TEST(talk.session.recipients().front().kept.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_trace_is_kept_where_the_next_hop_offers_it) {
    Talk talk{{0, false, {"NAME", "ADDR"}}};
    BOOST_TEST(talk.say("XFORWARD NAME=a\r\n").starts_with("503"));
    talk.say("LHLO c\r\n");
    BOOST_TEST(talk.say("XFORWARD\r\n").starts_with("501"));
    BOOST_TEST(talk.say("XFORWARD HELO=a\r\n").starts_with("501"));
    BOOST_TEST(talk.say("XFORWARD NAME=a=b\r\n").starts_with("501"));
    BOOST_TEST(talk.say("XFORWARD name=old addr=10.0.0.1\r\n").starts_with("250"));
    BOOST_TEST(talk.say("XFORWARD NAME=new\r\n").starts_with("250"));
    talk.say("MAIL FROM:<>\r\n");
    BOOST_TEST(talk.session.sender().xforward.size() == 2U);
    BOOST_TEST(talk.session.sender().xforward.back().value == "new");
    BOOST_TEST(talk.say("XFORWARD NAME=a\r\n").starts_with("503"));
    talk.say("RSET\r\nMAIL FROM:<>\r\n");
    BOOST_TEST(talk.session.sender().xforward.empty());
}

BOOST_AUTO_TEST_CASE(addresses_beyond_ascii_pass_with_smtputf8_and_without) {
    Talk talk;
    talk.say("LHLO c\r\n");
    for (const char* parameter : {"", " SMTPUTF8"}) {
        BOOST_TEST(talk.say("MAIL FROM:<\xc3\xa4@x.test>" + std::string{parameter} + "\r\n")
                       .starts_with("250"));
        BOOST_TEST(talk.say("RCPT TO:<\xc3\xa4@x.test>\r\n").starts_with("250"));
        BOOST_TEST(talk.session.recipients().front().path == "<\xc3\xa4@x.test>");
        talk.say("RSET\r\n");
    }
}

BOOST_AUTO_TEST_CASE(the_null_sender_is_fine_and_a_null_recipient_is_not) {
    Talk talk;
    talk.say("LHLO c\r\n");
    BOOST_TEST(talk.say("MAIL FROM:<>\r\n").starts_with("250"));
    BOOST_TEST(talk.say("RCPT TO:<>\r\n").starts_with("501"));
}

BOOST_AUTO_TEST_CASE(dismissal_says_so_once_and_closes) {
    Talk talk;
    talk.session.dismiss("is shutting down");
    talk.session.dismiss("is shutting down");
    BOOST_TEST(talk.say("NOOP\r\n") == "421 4.3.2 mx.test is shutting down\r\n");
    BOOST_TEST(talk.closed);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
