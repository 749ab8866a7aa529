#include "admin/sealed_message.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

const std::string armour = "-----BEGIN PGP MESSAGE-----\n\nabcd\n=abcd\n-----END PGP MESSAGE-----";
const std::string root =
    "Maildircrypt-Provenance: sealed; host=h\n"
    "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"b\"\n\n";
const std::string control = "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n";
const std::string data = "--b\nContent-Type: application/octet-stream\n\n";
const std::string good = root + control + data + armour + "\n\n--b--\n";

std::string found(const std::string& message) {
    const auto result = find_armour(message);
    return result ? std::string{*result} : "refused: " + result.error().what;
}

void check_refused(std::string message, const std::string& part, const std::string& instead) {
    const auto at = message.find(part);
    BOOST_REQUIRE(at != std::string::npos);
    message.replace(at, part.size(), instead);
    BOOST_TEST(found(message).starts_with("refused: "), message);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admin_sealed_message)

BOOST_AUTO_TEST_CASE(the_armour_is_found_by_structure) {
    BOOST_TEST(found(good) == armour);
    BOOST_TEST(found(root + "preamble\n" + control + data + armour + "\n--b--") == armour);
    std::string crlf;
    for (const char c : good) crlf += c == '\n' ? "\r\n" : std::string(1, c);
    BOOST_TEST(found(crlf).size() > armour.size());
}

BOOST_AUTO_TEST_CASE(everything_else_is_refused) {
    check_refused(good, "multipart/encrypted", "multipart/mixed");
    check_refused(good, "boundary=\"b\"", "boundary=\"c\"");
    check_refused(good, "--b--", "--b");
    check_refused(good, "--b--", "");
    check_refused(good, "--b--", "text\n--b--");
    check_refused(good, "--b--", "--b\n\nthird\n--b--");
    check_refused(good, "application/octet-stream", "text/plain");
    check_refused(good, "\n\nVersion", "x\n\nVersion");
    check_refused(good, "-----BEGIN", "----BEGIN");
    check_refused(good, "-----END", "----END");
    check_refused(good, "-----BEGIN", "text\n-----BEGIN");
    BOOST_TEST(found("").starts_with("refused: "));
    BOOST_TEST(found(armour).starts_with("refused: "));
    for (std::size_t size = 0; size + 1 < good.size(); ++size)
        BOOST_TEST(found(good.substr(0, size)).starts_with("refused: "), size);
}

BOOST_AUTO_TEST_CASE(only_our_one_provenance_field_says_sealed) {
    BOOST_TEST(says_sealed(good));
    BOOST_TEST(says_sealed("MAILDIRCRYPT-Provenance :\n sealed\n\n"));
    for (const std::string header :
         {"", "Maildircrypt-Provenance: end-to-end; host=h\n",
          "Maildircrypt-Provenance: clear; reason=sealed\n", "Maildircrypt-Provenance:\n",
          "Maildircrypt-Provenance: sealed2\n",
          "Maildircrypt-Provenance: sealed\nMaildircrypt-Provenance: sealed\n",
          "\nMaildircrypt-Provenance: sealed\n"})
        BOOST_TEST(!says_sealed(header + "\nbody\n"), header);
}

BOOST_AUTO_TEST_SUITE_END()
