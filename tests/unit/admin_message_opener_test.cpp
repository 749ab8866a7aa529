#include "admin/message_opener.hpp"
#include "tests/unit/pgp_reader.hpp"
#include "tests/unit/support/sealing.hpp"

#include <algorithm>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

const std::string message = "Subject: s\r\nContent-Type: text/plain\r\n\r\nbody\r\n";

std::string sealed_message() {
    SealOptions options;
    options.host = "h";
    return seal(message, {recipient_with(key_of(Kind::cv25519))}, options,
                [] { return std::string::npos; })
        .output.text();
}

/// The tests' decryptor instead of gpg.
Result<SecretText> decrypt(std::string_view armour) {
    const auto text =
        test::open_message(std::string{armour} + "\r\n", key_of(Kind::cv25519), "\r\n").text;
    return SecretText{text.begin(), text.end()};
}

Decrypt failing(const Error& error) {
    return [error](std::string_view) { return Result<SecretText>{error}; };
}

Decrypt giving(const std::string& payload) {
    return [payload](std::string_view) {
        return Result<SecretText>{SecretText{payload.begin(), payload.end()}};
    };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admin_message_opener)

BOOST_AUTO_TEST_CASE(a_sealed_message_gives_its_original) {
    const auto opened = maildircrypt::open_message(sealed_message(), decrypt);
    BOOST_REQUIRE(bool(opened));
    BOOST_TEST((opened->kind == OpenedMessage::Kind::opened));
    BOOST_TEST(std::ranges::equal(opened->original, message));
}

BOOST_AUTO_TEST_CASE(other_mail_is_never_decrypted) {
    const auto never = [](std::string_view) -> Result<SecretText> {
        BOOST_ERROR("decrypted");
        return retry("");
    };
    const auto opened = maildircrypt::open_message(message, never);
    BOOST_REQUIRE(bool(opened));
    BOOST_TEST((opened->kind == OpenedMessage::Kind::not_sealed));
}

BOOST_AUTO_TEST_CASE(a_message_without_a_key_fails_alone) {
    const auto opened = maildircrypt::open_message(sealed_message(), failing(refuse("no key")));
    BOOST_REQUIRE(bool(opened));
    BOOST_TEST((opened->kind == OpenedMessage::Kind::failed));
    BOOST_TEST(opened->reason == "no key");
}

BOOST_AUTO_TEST_CASE(what_concerns_all_messages_breaks_off) {
    const auto opened = maildircrypt::open_message(sealed_message(), failing(retry("cancelled")));
    BOOST_REQUIRE(!opened);
    BOOST_TEST(opened.error().what == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_payload_without_or_with_a_wrong_recipe_fails) {
    for (const std::string payload :
         {"", "body\r\n", "Maildircrypt-Recipe: v=1; eol=crlf; cut=0+4; tail=0\r\nbody\r\n"}) {
        const auto opened = maildircrypt::open_message(sealed_message(), giving(payload));
        BOOST_REQUIRE(bool(opened));
        BOOST_TEST((opened->kind == OpenedMessage::Kind::failed));
        BOOST_TEST(opened->original.empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
