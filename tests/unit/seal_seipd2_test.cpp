#include "seal/encryptor.hpp"
#include "seal/packet_judge.hpp"
#include "tests/unit/pgp_reader.hpp"

#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

struct Collector : Sink {
    std::string text;
    Result<void> write(std::string_view piece) override {
        text += piece;
        return {};
    }
};

const CryptoContext& context() {
    static const CryptoContext made = CryptoContext::create().value();
    return made;
}

EncryptionKey announcing(Kind kind) {
    EncryptionKey key = key_of(kind).key;
    key.seipd2 = true;
    return key;
}

EncryptionOptions allowed() {
    EncryptionOptions options;
    options.seipd2 = true;
    return options;
}

std::string encrypt(std::span<const EncryptionKey> keys, std::string_view text,
                    const EncryptionOptions& options = allowed(), std::size_t piece = 100000) {
    Collector out;
    auto encryptor = Encryptor::start(context(), keys, options, out).value();
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
        BOOST_REQUIRE(encryptor->write(text.substr(0, piece)));
    BOOST_REQUIRE(encryptor->finish());
    return out.text;
}

std::string encrypt(Kind kind, std::string_view text, std::size_t piece = 100000) {
    const EncryptionKey key = announcing(kind);
    return encrypt({&key, 1}, text, allowed(), piece);
}

int version_of(const Opened& opened) {
    return opened.packets.back().body.at(0);
}

std::string text_of_size(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * i >> 3U);
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_seipd2)

BOOST_AUTO_TEST_CASE(every_kind_of_key_opens_version_two) {
    for (const Kind kind : all_kinds)
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{10000}}) {
            const Opened opened = open_message(encrypt(kind, text_of_size(size)), key_of(kind));
            BOOST_TEST((opened.text == text_of_size(size)), kind << " " << size);
            BOOST_TEST(version_of(opened) == 2);
        }
}

BOOST_AUTO_TEST_CASE(messages_around_the_chunk_size_come_back) {
    constexpr std::size_t chunk = 65536;
    EncryptionOptions options = allowed();
    options.padding = Padding::none;
    const EncryptionKey key = announcing(Kind::cv25519);
    for (const std::size_t size : {chunk, 2 * chunk, 5 * chunk})
        for (std::size_t less = 0; less < 60; ++less) {
            const std::string text = text_of_size(size - less);
            const std::size_t piece = less % 2 == 0 ? 4093 : 1000000;
            const Opened opened =
                open_message(encrypt({&key, 1}, text, options, piece), key_of(Kind::cv25519));
            BOOST_TEST((opened.text == text), size - less);
        }
    BOOST_TEST(
        (open_message(encrypt(Kind::cv25519, text_of_size(70000), 1), key_of(Kind::cv25519)).text ==
         text_of_size(70000)));
}

BOOST_AUTO_TEST_CASE(the_packet_says_what_the_rfc_wants) {
    const Opened opened =
        open_message(encrypt(Kind::p256, text_of_size(300000)), key_of(Kind::p256));
    const Packet& seipd = opened.packets.back();
    BOOST_TEST(
        (OctetString{seipd.body.begin(), seipd.body.begin() + 4} == OctetString{2, 9, 2, 10}));
    for (const std::size_t piece : seipd.partial) BOOST_TEST(piece == 8192U);
    const Opened other = open_message(encrypt(Kind::p256, "x"), key_of(Kind::p256));
    BOOST_TEST((!std::equal(seipd.body.begin() + 4, seipd.body.begin() + 36,
                            other.packets.back().body.begin() + 4)));
}

BOOST_AUTO_TEST_CASE(a_tag_is_over_every_octet_and_nothing_can_be_cut_off) {
    const Opened opened =
        open_message(encrypt(Kind::cv25519, text_of_size(140000)), key_of(Kind::cv25519));
    Packet packet = opened.packets.back();
    BOOST_CHECK_NO_THROW(open_seipd(packet, opened.session_key));
    for (std::size_t at = 0; at < packet.body.size(); at += at < 40 ? 1 : 997) {
        packet.body[at] ^= 1;
        BOOST_CHECK_THROW(open_seipd(packet, opened.session_key), std::runtime_error);
        packet.body[at] ^= 1;
    }
    // The last chunk, and then whole chunks.
    constexpr std::size_t sealed_chunk = 65536 + 16;
    for (const std::size_t kept : {36 + sealed_chunk + 16, 36 + 2 * sealed_chunk + 16}) {
        Packet shorter = packet;
        shorter.body.resize(kept);
        BOOST_CHECK_THROW(open_seipd(shorter, opened.session_key), std::runtime_error);
        std::copy(packet.body.end() - 16, packet.body.end(), shorter.body.end() - 16);
        BOOST_CHECK_THROW(open_seipd(shorter, opened.session_key), std::runtime_error);
    }
}

BOOST_AUTO_TEST_CASE(in_any_doubt_version_one_is_written) {
    EncryptionKey silent = key_of(Kind::p256).key;
    const std::vector<EncryptionKey> mixed{announcing(Kind::cv25519), silent};
    BOOST_TEST(version_of(open_message(encrypt(mixed, "text"), key_of(Kind::cv25519))) == 1);
    BOOST_TEST(version_of(open_message(encrypt(mixed, "text"), key_of(Kind::p256))) == 1);
    const EncryptionKey key = announcing(Kind::cv25519);
    const std::string off = encrypt({&key, 1}, "text", EncryptionOptions{});
    BOOST_TEST(version_of(open_message(off, key_of(Kind::cv25519))) == 1);
}

BOOST_AUTO_TEST_CASE(anonymous_messages_to_several_name_no_key) {
    const std::vector<EncryptionKey> keys{announcing(Kind::rsa2048), announcing(Kind::p384),
                                          announcing(Kind::cv25519)};
    EncryptionOptions options = allowed();
    options.anonymous = true;
    const std::string armour = encrypt(keys, "text", options);
    for (const Kind kind : {Kind::rsa2048, Kind::p384, Kind::cv25519}) {
        const Opened opened = open_message(armour, key_of(kind));
        BOOST_TEST(opened.text == "text");
        for (std::size_t i = 0; i < 3; ++i) {
            BOOST_TEST(opened.packets[i].body.at(0) == 6);
            BOOST_TEST(opened.packets[i].body.at(1) == 0);
        }
    }
    BOOST_CHECK_THROW(open_message(armour, make_key(Kind::cv25519)), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(compression_and_line_ends_are_obeyed) {
    EncryptionOptions options = allowed();
    options.compression = Compression::zlib;
    options.line_end = LineEnd::lf;
    const EncryptionKey key = announcing(Kind::cv25519);
    const std::string text(1000000, 'a');
    const std::string armour = encrypt({&key, 1}, text, options);
    BOOST_TEST(armour.size() < 10000U);
    BOOST_TEST((open_message(armour, key_of(Kind::cv25519), "\n").text == text));
}

/// RFC 9580 A.8.3: the reader that judges is right about the RFC's own packet.
BOOST_AUTO_TEST_CASE(the_reader_opens_the_packets_of_the_rfc) {
    const auto open = [](std::string_view session_key, std::string_view body) {
        return open_seipd(Packet{18, from_hex(body), {}, 0}, from_hex(session_key));
    };
    const std::string_view literal = "cb1362000000000048656c6c6f2c20776f726c6421";
    const OctetString public_key = open(
        "dd708f6fa1ed65114d68d2343e7c2f1d",
        "02070206616416535be0b0716d60e052a56c4c407f9eb36b0efafe9ad0a0df9b033c69a21ba9ebd2c0ec95bf"
        "569d25c999ee4a3de17058f40dfa8b4c682be3fbbbd7b27eb0f59bb5005f80c7c6f40388c30ad406ab0513dc"
        "d6f9fd737656286e1177d00f888adb31c4");
    BOOST_TEST(
        (public_key == join({from_hex(literal), from_hex("d50ec5a293072991628147d72c8f86b7")})));
    const OctetString password = open(
        "28e79ab82397d3c63de24ac217d7b791",
        "0207020620a661f731fc9a3032b5623326027e3a5d8db5748ebeff0b0c5910d09ecdd641ff9fd38562758035"
        "bc49754ce1bf3fffa7dad0a3b8104f5133cf42a4100a83eef4ca1b4801a8846bf42bcda7c8ce9d65e212f301"
        "cbcd98fdcade694a877ad4247323f6e857");
    BOOST_TEST(
        (password == join({from_hex(literal), from_hex("d50eae6aa1649b56aa835b2613902bd2")})));
}

BOOST_AUTO_TEST_SUITE_END()
