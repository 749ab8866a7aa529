#include "admin/undo.hpp"
#include "seal/boundary.hpp"
#include "seal/payload.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

struct Payload {
    PayloadPlan plan;
    std::string text;
};

/// What the sealer would encrypt for `message`, put together without the sealer.
Payload make_payload(const std::string& message) {
    HeaderScanner scanner;
    scanner.finish(message);
    const std::string_view header = std::string_view{message}.substr(0, scanner.length());
    const auto fields = split_fields(header);
    const auto body = std::string_view{message}.substr(scanner.length() + scanner.separator());
    const auto line_end = detect_line_end(message);
    const auto boundary = make_boundary();
    BOOST_REQUIRE(bool(boundary));
    Payload payload{
        plan_payload(header, fields, line_end, inspect_signed_part(fields, body), *boundary), {}};
    const auto convert = [&](std::string_view text) {
        std::string converted;
        for (const char c : text) {
            if (c == '\n' && line_end == InputLineEnd::lf) converted += '\r';
            converted += c;
        }
        return converted;
    };
    payload.text = payload.plan.recipe + convert(message.substr(0, payload.plan.insert_at)) +
                   payload.plan.insertion + convert(message.substr(payload.plan.insert_at)) +
                   payload.plan.tail;
    return payload;
}

std::string undone(std::string_view payload) {
    auto text = undo_sealing(payload);
    return text ? std::string{text->begin(), text->end()} : "refused: " + text.error().what;
}

enum class Form { none, parameter, wrap };

void check(const std::string& message, Form form) {
    const Payload payload = make_payload(message);
    const Form found = payload.plan.insertion.empty() ? Form::none
                       : payload.plan.tail.empty()    ? Form::parameter
                                                      : Form::wrap;
    BOOST_TEST((found == form), "another form than expected for: " << message);
    BOOST_TEST(undone(payload.text) == message);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_payload)

BOOST_AUTO_TEST_CASE(a_plain_root_takes_the_parameter) {
    check("Subject: x\nContent-Type: text/plain\n\nbody\n", Form::parameter);
    check("Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nbody\r\n", Form::parameter);
    check("Content-Type: multipart/mixed (c); boundary=\"a b\"\n\n--a b\n", Form::parameter);
    check("Content-Type: text/plain; broken\n\nbody", Form::parameter);
    check("Content-Type:text/plain", Form::parameter);
    const auto payload = make_payload("A: b\nContent-Type: text/plain; charset=utf-8\n\nbody\n");
    BOOST_TEST(payload.text ==
               "Maildircrypt-Recipe: v=1; eol=lf; cut=30+24; tail=0\r\n"
               "A: b\r\nContent-Type: text/plain; protected-headers=\"v1\"; "
               "charset=utf-8\r\n\r\nbody\r\n");
}

BOOST_AUTO_TEST_CASE(a_root_that_cannot_take_it_is_wrapped) {
    check("Subject: x\n\nbody\n", Form::wrap);
    check("Content-Type: text\n\nbody\n", Form::wrap);
    check("Content-Type: text/plain\nContent-Type: text/html\n\nbody\n", Form::wrap);
    check("Content-Type: text/plain[x]\n\nbody\n", Form::wrap);
    check("Content-Type: text/plain; protected-headers=\"v2\"\n\nbody\n", Form::wrap);
    check("Content-Type: text/plain; protected-headers*=us-ascii''v1\n\nbody\n", Form::wrap);
    check("", Form::wrap);
    check("Subject: no end", Form::wrap);
    check("From: a\r\nSUBJECT : x\r\n folded\r\n\r\nbody", Form::wrap);
    check("no header at all\n\n\n", Form::wrap);
    check("Subject: mixed\nTo: x\r\n\r\nbody\r\r\n\r", Form::wrap);
    check("Subject: bare\rcr\r\nTo: x\n\r\nbody\n", Form::wrap);
}

BOOST_AUTO_TEST_CASE(what_is_protected_already_stays_as_it_is) {
    check("Content-Type: text/plain; protected-headers=\"v1\"\n\nbody\n", Form::none);
    const std::string root =
        "Content-Type: multipart/signed; boundary=\"b\"; micalg=x\n\npreamble\n--b \n";
    check(root + "Content-Type: text/plain; protected-headers=v1\n\ntext\n--b\n", Form::none);
    check(root + "Content-Type: text/plain\n\ntext\n--b\n", Form::wrap);
    check(root + "Content-Type: text/plain; protected-headers=v1", Form::wrap);
    check(
        "Content-Type: multipart/signed\n\n--\nContent-Type: text/plain; protected-headers=v1\n\n",
        Form::wrap);
}

BOOST_AUTO_TEST_CASE(a_wrap_shows_the_fields_that_clients_display) {
    const auto payload = make_payload("X: 1\nSubject: secret\n plan\nFrom: a@b\n\nbody");
    BOOST_TEST(payload.plan.insertion.starts_with(
        "Subject: secret\r\n plan\r\nFrom: a@b\r\nMIME-Version: 1.0\r\n"));
}

BOOST_AUTO_TEST_CASE(the_lines_of_a_wrap_are_lines_for_every_reader) {
    const auto payload = make_payload("Subject: a\rTo: b\nFrom: c\r\n\r\nbody");
    BOOST_TEST(
        payload.plan.insertion.starts_with("Subject: a To: b\r\nFrom: c\r\nMIME-Version: 1.0\r\n"));
}

BOOST_AUTO_TEST_CASE(altered_recipes_are_refused) {
    const std::string rest = "Content-Type: text/plain\r\nSecret: kept\r\n\r\nbody\r\n";
    for (const std::string recipe :
         {"v=1; eol=crlf; cut=26+14; tail=0", "v=1; eol=crlf; cut=0+0; tail=6",
          "v=1; eol=crlf; cut=999+24; tail=0", "v=1; eol=crlf; cut=0+18446744073709551615; tail=0",
          "v=1; eol=crlf; cut=18446744073709551615+18446744073709551615; tail=18446744073709551615",
          "v=1; eol=crlf; cut=0+26; tail=6", "v=1; eol=crlf; cut=5+0; tail=0",
          "v=2; eol=crlf; cut=0+0; tail=0", "v=1; eol=cr; cut=0+0; tail=0",
          "v=1; eol=crlf; cut=00+0; tail=0", "v=1; eol=crlf; cut=-1+0; tail=0",
          "v=1; eol=crlf; cut=0+0; tail=0 ", "v=1; eol=crlf; cut=0+0"})
        BOOST_TEST(undone("Maildircrypt-Recipe: " + recipe + "\r\n" + rest).starts_with("refused"),
                   recipe);
    BOOST_TEST(undone(rest).starts_with("refused"));
    BOOST_TEST(undone("").starts_with("refused"));
    const std::string lf = "Maildircrypt-Recipe: v=1; eol=lf; cut=0+0; tail=0\r\n";
    BOOST_TEST(undone(lf + "a\n").starts_with("refused"));
    BOOST_TEST(undone(lf + "\n").starts_with("refused"));
    BOOST_TEST(undone(lf + "a\r\n") == "a\n");
}

BOOST_AUTO_TEST_CASE(a_wrap_may_hide_nothing_but_what_is_ours) {
    const std::string message = "Subject: x\n\nbody\n";
    const auto payload = make_payload(message);
    const auto tampered = [&](const std::string& from, const std::string& to) {
        std::string text = payload.text;
        text.replace(text.find(from), from.size(), to);
        return undone(text);
    };
    BOOST_TEST(undone(payload.text) == message);
    BOOST_TEST(tampered("Subject: x", "Private: x").starts_with("refused"));
    BOOST_TEST(tampered("\"v1\"", "\"v2\"").starts_with("refused"));
    BOOST_TEST(tampered("=_", "=-").starts_with("refused"));
    BOOST_TEST(tampered("mixed", "mixes").starts_with("refused"));
}

BOOST_AUTO_TEST_SUITE_END()
