#include "admin/undo.hpp"
#include "seal/outer_header.hpp"
#include "tests/unit/pgp_reader.hpp"
#include "tests/unit/support/sealing.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace std::string_literals;

namespace {

const std::string provenance = "Maildircrypt-Provenance: sealed; host=h;\n log=1:ff";

std::string sealed_header(const std::string& header, OuterHeaders policy = OuterHeaders::standard,
                          SubjectPolicy subject = SubjectPolicy::hide,
                          LineEnd line_end = LineEnd::lf) {
    return make_sealed_header(split_fields(header), {policy, subject}, provenance, "=_b", line_end)
        .render();
}

const std::string head = provenance + "\n";
const std::string tail =
    "MIME-Version: 1.0\n"
    "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\n"
    " boundary=\"=_b\"\n\n";

std::string clear_header(const std::string& header, const std::string& separator) {
    return make_clear_header(split_fields(header), separator, provenance, LineEnd::lf).render();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_outer_header)

BOOST_AUTO_TEST_CASE(the_subject_is_hidden_once_and_in_its_place) {
    BOOST_TEST(sealed_header("From: a\nSubject: secret\n plan\nTo: b\nSUBJECT : too\n") ==
               head + "From: a\nSubject: ...\nTo: b\n" + tail);
    BOOST_TEST(sealed_header("From: a\n") == head + "From: a\n" + tail);
    BOOST_TEST(sealed_header("Subject: shown\n folded\n", OuterHeaders::minimal,
                             SubjectPolicy::keep) == head + "Subject: shown\n folded\n" + tail);
}

BOOST_AUTO_TEST_CASE(what_describes_the_body_never_stays) {
    for (const auto policy : {OuterHeaders::standard, OuterHeaders::minimal, OuterHeaders::all})
        BOOST_TEST(sealed_header("Content-Type: text/plain\nCONTENT-Transfer-Encoding : base64\n"
                                 "Content-Description: secret\ncontent-x: y\nMime-Version: 1.0\n",
                                 policy) == head + tail);
}

BOOST_AUTO_TEST_CASE(forged_provenance_never_stays) {
    const std::string forged =
        "Maildircrypt-Provenance: sealed; host=forged\nMAILDIRCRYPT-PROVENANCE : clear\n x\n";
    for (const auto policy : {OuterHeaders::standard, OuterHeaders::minimal, OuterHeaders::all})
        BOOST_TEST(sealed_header(forged, policy) == head + tail);
    BOOST_TEST(clear_header("A: b\n" + forged, "\n") == head + "A: b\n\n");
}

BOOST_AUTO_TEST_CASE(forged_provenance_is_kept_inside) {
    const auto& key = test::key_of(test::Kind::cv25519);
    const std::string message =
        "Maildircrypt-Provenance: sealed; host=forged\nContent-Type: text/plain\n\nbody\n";
    SealOptions options;
    options.line_end = LineEnd::lf;
    options.host = "h";
    const auto sealed =
        test::seal(message, {test::recipient_with(key)}, options, [] { return std::size_t{5}; });
    const auto outer = sealed.output.outer.render();
    BOOST_TEST(outer.find("forged") == outer.npos);
    const auto opened = test::open_message(test::armour_of(sealed.output, LineEnd::lf), key, "\n");
    const auto original = undo_sealing(opened.text);
    BOOST_REQUIRE(bool(original));
    BOOST_TEST(std::string(original->begin(), original->end()) == message);
}

BOOST_AUTO_TEST_CASE(fields_keep_order_duplicates_and_odd_octets) {
    const std::string odd =
        "Received: 1\n by x\nTo: \xFF\xC3\xA4\nReceived: 2\nTO :\nto: a\x01 b\nCc:c\n\t\n";
    BOOST_TEST(sealed_header(odd) == head + odd + tail);
}

BOOST_AUTO_TEST_CASE(no_reader_finds_a_field_behind_a_bare_return_or_a_null) {
    BOOST_TEST(sealed_header("To: a\rMaildircrypt-Provenance: clear\r\r\nFrom: x\r\n") ==
               head + "To: a Maildircrypt-Provenance: clear \nFrom: x\n" + tail);
    const std::string with_null = "Subject: s\0\r t\nTo: a\0b\nCc: c\n"s;
    const auto header =
        make_sealed_header(split_fields(with_null), {OuterHeaders::all, SubjectPolicy::keep},
                           provenance, "=_b", LineEnd::crlf);
    BOOST_TEST(header.render().find("Subject: s   t\r\nTo: a b\r\nCc: c\r\n") != std::string::npos);
    BOOST_TEST(header.fields[1].changed);
    BOOST_TEST(header.fields[2].changed);
    BOOST_TEST(!header.fields[3].changed);
}

BOOST_AUTO_TEST_CASE(line_ends_are_those_of_the_next_hop) {
    const std::string crlf = sealed_header("To: a\n b\r\nCc: cut short", OuterHeaders::standard,
                                           SubjectPolicy::hide, LineEnd::crlf);
    BOOST_TEST(crlf.find("To: a\r\n b\r\nCc: cut short\r\nMIME") != crlf.npos);
    for (std::size_t at = crlf.find('\n'); at != crlf.npos; at = crlf.find('\n', at + 1))
        BOOST_TEST(crlf[at - 1] == '\r');
    const std::string lf = sealed_header("To: a\r\n b\r\nCc: x\r\n");
    BOOST_TEST(lf.find('\r') == lf.npos);
}

BOOST_AUTO_TEST_CASE(fields_know_where_they_come_from) {
    const std::string text = "X: 1\nSubject: s\nTo: t\n";
    const auto header = make_sealed_header(split_fields(text), {}, provenance, "=_b", LineEnd::lf);
    BOOST_TEST(header.original_fields == 3U);
    BOOST_REQUIRE(header.fields.size() == 5U);
    BOOST_TEST(!header.fields[0].original.has_value());
    BOOST_TEST(header.fields[1].original.value() == 1U);
    BOOST_TEST(header.fields[1].changed);
    BOOST_TEST(header.fields[2].original.value() == 2U);
    BOOST_TEST(!header.fields[2].changed);
}

BOOST_AUTO_TEST_CASE(a_clear_header_is_kept_to_the_octet) {
    const std::string odd = "A: b\r\nSubject: s\nX :\xFF\r\rz\r\nlast: no end";
    BOOST_TEST(clear_header(odd, "") == head + odd);
    BOOST_TEST(clear_header("", "\r\n") == head + "\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
