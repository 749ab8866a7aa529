#include "tests/unit/support/message_generator.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace maildircrypt::test {
namespace {

using std::to_array;
using Texts = std::string_view;

constexpr auto names = to_array<Texts>({
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Received",
    "References",
    "In-Reply-To",
    "List-Id",
    "DKIM-Signature",
    "MIME-Version",
    "X-Private",
    "SUBJECT",
    "subject",
    "Subject ",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "X",
    "Maildircrypt-Provenance",
    "Maildircrypt-Recipe",
    "maildircrypt-provenance ",
    "Return-Path",
    "Delivered-To",
    "Bcc",
    "Reply-To",
    "Content-Language",
    "X-Spam-Status",
    "Authentication-Results",
    "Status",
    "A!#$%&'*+-.^_`|~z",
    "To\t",
});

constexpr auto values = to_array<Texts>({
    "",
    "x",
    "Ann Example <ann@sealed.test>",
    "=?utf-8?B?w6TDtsO8?=",
    "Z\xC3\xBCrich",
    "\xFF\xFE",
    "<1@sealed.test>",
    "7bit",
    "base64",
    "quoted-printable",
    "1.0",
    "(comment (nested))",
    "\"quoted \\\" text\"",
    ";;;",
    "a:b",
    "sealed; host=forged.test; log=9:ff",
    "v=1; eol=lf; cut=0+10; tail=0",
    "...",
    "attachment; filename*0*=utf-8''a%20; filename*1=b",
});

constexpr auto media_types = to_array<Texts>({
    "text/plain",
    "TEXT/Html",
    "multipart/mixed",
    "multipart/alternative",
    "multipart/signed",
    "multipart/encrypted",
    "message/rfc822",
    "application/octet-stream",
    "text",
    "text/",
    "/plain",
    "text/plain/x",
    "text /plain",
    "text/ plain",
    "(c)text/plain",
    "text/plain(c)",
    "",
    "\"text\"/plain",
    "text/plain[x]",
    "text/plain@x",
    "x-a.b+c/d_e",
    "text/plain,text/html",
    "t\xC3\xA4xt/plain",
    "multipart/mixed (a (b) \\) c)",
    "text/plain (unclosed",
});

constexpr auto parameters = to_array<Texts>({
    "charset=utf-8",
    "charset=\"utf-8\"",
    "boundary=b1",
    "boundary=\"b 1\"",
    "boundary=\"\"",
    "boundary*=us-ascii'en'b1",
    "boundary*0=b; boundary*1=1",
    "name*0*=utf-8''%e2%82%ac; name*1=x",
    "protected-headers=\"v1\"",
    "protected-headers=v1",
    "protected-headers=v2",
    "Protected-Headers=\"v1\"",
    "protected-headers*=us-ascii''v1",
    "protected-headers (c) = (d) v1",
    "hp=\"cipher\"",
    "hp=\"clear\"",
    "protocol=\"application/pgp-encrypted\"",
    "protocol=\"application/pgp-signature\"; micalg=pgp-sha512",
    "format=flowed",
    "=",
    "broken",
    "a=\"unclosed",
    "a=b c",
    "charset = utf-8 (why)",
    "",
    "\\",
    "charset=\"a\\\"b\"",
    "name=\"two\n lines\"",
    "(comment)",
    "delsp=yes; delsp=no",
});

constexpr auto lines = to_array<Texts>({
    "",
    "Hello,",
    "--b1",
    "--b1--",
    "--b 1",
    "From here on",
    ".",
    "..",
    "-- ",
    "> quoted",
    "Content-Type: text/plain; protected-headers=\"v1\"",
    "Content-Type: text/plain",
    "Subject: inside",
    "Maildircrypt-Recipe: v=1; eol=lf; cut=0+0; tail=0",
    "-----BEGIN PGP MESSAGE-----",
    "-----END PGP MESSAGE-----",
    "Version: 1",
    "=3D=20=",
    "Content-Type: application/pgp-encrypted",
    "--=_0123456789abcdef0123456789abcdef--",
    "a line of ordinary length, as people write it, with some words in it for good measure",
    "tabs\tand trailing blanks \t",
    "caf\xC3\xA9",
    "\xE9\xFF",
    "bare\rreturn",
    "return at the end\r",
    "hQEMA0123456789ABCAQf/abcdefghijklmnopqrstuvwxyz+/",
    " leading blank",
    "\tleading tab",
});

/// Where the sealer's, the encryptor's and deflate's blocks end.
constexpr auto edges = to_array<std::size_t>(
    {0,   1,    2,    15,   16,   17,   56,   57,    58,    191,   192,   511,   512,
     513, 8190, 8191, 8192, 8193, 8383, 8384, 16383, 16384, 16385, 65535, 65536, 65537});

}  // namespace

std::size_t MessageGenerator::number(std::size_t below) {
    return static_cast<std::size_t>(random_() % below);  // not a distribution: those differ
}

std::string MessageGenerator::octets(std::size_t size) {
    std::string text(size, '\0');
    for (auto& c : text) c = static_cast<char>(random_());
    return text;
}

std::string MessageGenerator::parameter() {
    constexpr auto separators =
        to_array<Texts>({"; ", ";", " ;\n\t", ";\n ", " ; (c) ", " ", ";;"});
    return std::string{pick(separators)} += pick(parameters);
}

std::string MessageGenerator::content_type() {
    constexpr auto spellings =
        to_array<Texts>({"Content-Type: ", "content-type:", "CONTENT-TYPE : ", "Content-Type:\n ",
                         "Content-Type: (c) "});
    std::string text{chance(70) ? spellings.front() : pick(spellings)};
    text += chance(60) ? media_types[number(8)] : pick(media_types);
    for (std::size_t count = number(4); count > 0; --count) text += parameter();
    return text + '\n';
}

std::string MessageGenerator::value() {
    std::string text;
    for (std::size_t count = number(4); count > 0; --count) {
        text += pick(values);
        if (chance(20)) text += pick(to_array<Texts>({"\n ", "\n\t", " \n \n ", "\r", " ", "\t"}));
    }
    if (chance(1)) text += octets(number(40));
    if (chance(1)) text += std::string(number(20000), 'h');
    return text;
}

std::string MessageGenerator::field() {
    if (chance(20)) return content_type();
    return std::string{pick(names)} + (chance(90) ? ": " : ":") + value() + '\n';
}

std::string MessageGenerator::header() {
    std::string text;
    if (chance(2)) return text;
    if (chance(40)) text += "From: ann@sealed.test\nTo: bob@sealed.test\nSubject: plan\n";
    if (chance(60)) text += content_type();
    for (std::size_t count = number(8); count > 0; --count) text += field();
    return text;
}

std::string MessageGenerator::line() {
    if (chance(90)) return std::string{pick(lines)};
    if (chance(80)) return octets(number(100));
    return std::string(chance(1) ? 100'000 : number(2000), 'L');
}

std::string MessageGenerator::body() {
    if (chance(5)) return {};
    std::string text;
    for (std::size_t count = number(30); count > 0; --count) text += line() + '\n';
    if (chance(10)) text += octets(pick(edges));
    if (chance(30) && !text.empty()) text.pop_back();
    return text;
}

/// The generator writes LF; the message has LF, CRLF, or now this, now that.
std::string MessageGenerator::with_line_ends(const std::string& text) {
    const std::size_t style = number(10);
    std::string result;
    for (const char c : text) {
        const bool crlf = style < 5 || (style == 9 && chance(50));
        if (c == '\n' && crlf) result += '\r';
        result += c;
    }
    return result;
}

void MessageGenerator::mutate(std::string& message) {
    for (std::size_t count = 1 + number(4); count > 0 && !message.empty(); --count) {
        const std::size_t at = number(message.size());
        const std::size_t size = std::min(number(40), message.size() - at);
        switch (number(6)) {
            case 0:
                message.erase(at, size);
                break;
            case 1:
                message.insert(at, message.substr(at, size));
                break;
            case 2:
                message[at] = static_cast<char>(random_());
                break;
            case 3:
                message.insert(at, 1, pick(std::string_view{"\0\r\n :;\"(", 8}));
                break;
            case 4:
                message.resize(at);
                break;
            case 5:
                message.insert(at, octets(number(20)));
                break;
        }
    }
}

std::string MessageGenerator::message() {
    std::string text = header();
    if (!chance(3)) text += '\n';
    text += body();
    text = with_line_ends(text);
    if (chance(2)) text += std::string(pick(edges), 'e');
    if (chance(30)) mutate(text);
    return text;
}

}  // namespace maildircrypt::test
