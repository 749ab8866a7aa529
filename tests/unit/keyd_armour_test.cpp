#include "keyd/armour.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

/// A user id packet with `size` octets in it: whole packets, and no certificate.
OctetString packet(std::size_t size) {
    OctetString octets{0xb5, static_cast<std::uint8_t>(size >> 8),
                       static_cast<std::uint8_t>(size & 0xff)};
    for (std::size_t i = 0; i < size; ++i) octets.push_back(static_cast<std::uint8_t>(i * 7));
    return octets;
}

const OctetString octets = packet(200);
const std::string armour = armour_public_key(octets);

std::string text_of(const Result<SecretOctets>& upload) {
    return upload ? std::string{as_text(*upload)} : "refused: " + upload.error().what;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

bool is_read(const std::string& upload) {
    return text_of(read_upload(upload)) == as_text(octets);
}

/// Whether the upload is refused for good with a reason that says this.
bool is_refused(const std::string& upload, const std::string& why) {
    const auto read = read_upload(upload);
    BOOST_TEST_CONTEXT(text_of(read)) {
        BOOST_TEST(!read);
        BOOST_TEST((read || read.error().fate == Fate::refuse));
    }
    return !read && read.error().what.find(why) != std::string::npos;
}

std::string utf16(const std::string& text, bool big_endian, bool mark) {
    std::string wide = mark ? (big_endian ? "\xfe\xff" : "\xff\xfe") : "";
    for (const char c : text) wide += big_endian ? std::string{'\0', c} : std::string{c, '\0'};
    return wide;
}

std::string block(const std::string& kind) {
    return replaced(armour, "PUBLIC KEY BLOCK", kind);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_armour)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
    for (std::size_t size = 0; size < 200; ++size) {
        const OctetString one = packet(size);
        const std::string text = armour_public_key(one);
        BOOST_TEST(text_of(read_upload(text)) == as_text(one));
        for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
            end = text.find('\n', at);
            BOOST_TEST(end - at <= 76U);
        }
    }
}

BOOST_AUTO_TEST_CASE(binary_is_taken_as_it_is) {
    BOOST_TEST(is_read(std::string{as_text(octets)}));
}

BOOST_AUTO_TEST_CASE(text_around_headers_line_ends_and_blanks_do_not_matter) {
    BOOST_TEST(is_read("Dear all,\nhere is my key:\n\n" + armour + "\n-- \nAlice\n"));
    BOOST_TEST(is_read("\xef\xbb\xbf" + armour));
    BOOST_TEST(is_read("Grüße\n" + armour));
    BOOST_TEST(is_read(replaced(armour, "\n", "\r\n")));
    BOOST_TEST(is_read(replaced(armour, "\n", "\r")));
    BOOST_TEST(is_read(replaced(armour, "\n", "  \n\t ")));
    BOOST_TEST(is_read(
        replaced(armour, "BLOCK-----\n\n", "BLOCK-----\nVersion: X 1.0\nComment: a = b\n\n")));
    BOOST_TEST(is_read(replaced(armour, "BLOCK-----\n\n", "BLOCK-----\n")));
    BOOST_TEST(is_read(armour.substr(0, armour.size() - 1)));
}

BOOST_AUTO_TEST_CASE(several_blocks_are_put_together) {
    const std::string twice = std::string{as_text(octets)} + std::string{as_text(octets)};
    BOOST_TEST(text_of(read_upload(armour + "and\n" + armour)) == twice);
}

BOOST_AUTO_TEST_CASE(the_checksum_may_be_missing_but_not_wrong) {
    const std::size_t sum = armour.rfind("\n=");
    std::string without = armour;
    without.erase(sum, 6);
    BOOST_TEST(is_read(without));
    for (const std::size_t at : {2U, 3U, 4U, 5U}) {
        std::string wrong = armour;
        wrong[sum + at] = wrong[sum + at] == 'A' ? 'B' : 'A';
        BOOST_TEST(is_refused(wrong, "checksum"));
    }
    std::string unreadable = armour;
    unreadable[sum + 3] = '*';
    BOOST_TEST(is_refused(unreadable, "checksum"));
    std::string behind = armour;
    BOOST_TEST(is_refused(behind.insert(sum + 7, "AAAA\n"), "not base64"));
}

BOOST_AUTO_TEST_CASE(every_changed_character_is_noticed) {
    const std::size_t start = armour.find("\n\n") + 2;
    for (std::size_t at = start; at < armour.rfind("\n="); ++at) {
        if (armour[at] == '\n' || armour[at] == '=') continue;
        std::string changed = armour;
        changed[at] = changed[at] == 'x' ? 'y' : 'x';
        BOOST_TEST(!read_upload(changed));
    }
}

BOOST_AUTO_TEST_CASE(armour_that_is_cut_is_refused) {
    for (std::size_t size = armour.find('\n'); size + 2 < armour.size(); ++size)
        BOOST_TEST(!read_upload(armour.substr(0, size)));
    BOOST_TEST(is_refused(armour.substr(0, armour.find("-----END")), "end is missing"));
    BOOST_TEST(is_refused(replaced(armour, "-----END PGP PUBLIC", "-----END PGP PRIVATE"), "END"));
    std::string shorter = armour.substr(0, armour.rfind("\n="));
    shorter.resize(shorter.size() - 3);
    BOOST_TEST(
        is_refused(shorter + "\n-----END PGP PUBLIC KEY BLOCK-----\n", "characters are missing"));
}

BOOST_AUTO_TEST_CASE(other_blocks_are_named) {
    BOOST_TEST(is_refused(block("PRIVATE KEY BLOCK"), "secret key"));
    BOOST_TEST(is_refused(block("SECRET KEY BLOCK"), "secret key"));
    BOOST_TEST(is_refused(armour + block("PRIVATE KEY BLOCK"), "gpg --armor --export"));
    BOOST_TEST(is_refused(block("MESSAGE"), "a message, not a certificate"));
    BOOST_TEST(is_refused(block("SIGNED MESSAGE"), "a message, not a certificate"));
    BOOST_TEST(is_refused(block("SIGNATURE"), "a signature, not a certificate"));
    BOOST_TEST(is_refused(block("NONSENSE"), "no OpenPGP certificate"));
}

BOOST_AUTO_TEST_CASE(utf16_is_recognised) {
    for (const bool big_endian : {false, true})
        for (const bool mark : {false, true})
            BOOST_TEST(is_refused(utf16(armour, big_endian, mark), "UTF-16"));
}

BOOST_AUTO_TEST_CASE(html_and_quotations_are_recognised) {
    BOOST_TEST(is_refused("<html><pre>" + armour + "</pre></html>", "HTML"));
    BOOST_TEST(is_refused(replaced(armour, "\n", "<br>\n"), "HTML"));
    BOOST_TEST(is_refused(replaced(armour, "\n\n", "\n&nbsp;\n"), "HTML"));
    BOOST_TEST(is_refused("> " + replaced(armour, "\n", "\n> "), "quoted"));
    BOOST_TEST(is_refused("<!DOCTYPE html><body>Not found</body>", "web page"));
}

BOOST_AUTO_TEST_CASE(other_things_are_named) {
    BOOST_TEST(is_refused("", "empty"));
    BOOST_TEST(is_refused("alice@example.org", "no OpenPGP certificate"));
    BOOST_TEST(is_refused("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 alice", "SSH"));
    BOOST_TEST(is_refused("-----BEGIN CERTIFICATE-----\nMIIB\n", "S/MIME"));
    BOOST_TEST(is_refused(std::string(1000, '\0'), ""));
}

BOOST_AUTO_TEST_CASE(damaged_packets_are_left_to_their_reader) {
    const std::string cut{as_text(octets).substr(0, 100)};
    BOOST_TEST(text_of(read_upload(cut)) == cut);
}

BOOST_AUTO_TEST_SUITE_END()
