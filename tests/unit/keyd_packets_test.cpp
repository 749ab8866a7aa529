#include "keyd/certificate.hpp"
#include "keyd/packets.hpp"

#include <stdexcept>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

OctetString packet_of(std::initializer_list<std::uint8_t> header, std::size_t body) {
    OctetString octets{header};
    octets.resize(octets.size() + body, 0xaa);
    return octets;
}

Result<std::optional<Packet>> first_of(const OctetString& octets) {
    return PacketReader{octets}.next();
}

std::string refusal_of(const OctetString& octets) {
    const auto packet = first_of(octets);
    BOOST_REQUIRE(!packet);
    BOOST_TEST((packet.error().fate == Fate::refuse));
    return packet.error().what;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_packets)

BOOST_AUTO_TEST_CASE(bodies_of_every_length_come_back) {
    for (const std::size_t size : {0U, 1U, 191U, 192U, 193U, 447U, 448U, 8382U, 8383U}) {
        const OctetString body(size, 0x42);
        OctetString octets;
        append_packet(octets, PacketTag::user_id, body);
        append_packet(octets, PacketTag::signature, Octets{body}.first(size / 2));
        PacketReader reader{octets};
        const auto first = reader.next();
        BOOST_REQUIRE((first && *first));
        BOOST_TEST(((*first)->tag == PacketTag::user_id));
        BOOST_TEST((*first)->body.size() == size);
        const auto second = reader.next();
        BOOST_REQUIRE((second && *second));
        BOOST_TEST(((*second)->tag == PacketTag::signature));
        BOOST_TEST((*second)->body.size() == size / 2);
        const auto end = reader.next();
        BOOST_TEST((end && !*end));
    }
}

BOOST_AUTO_TEST_CASE(a_body_beyond_the_limit_is_a_bug_of_the_caller) {
    OctetString octets;
    const OctetString body(max_packet + 1, 0);
    BOOST_CHECK_THROW(append_packet(octets, PacketTag::user_id, body), std::length_error);
}

BOOST_AUTO_TEST_CASE(old_and_current_headers_are_read) {
    BOOST_TEST((*first_of(packet_of({0x98, 5}, 5)))->body.size() == 5U);
    BOOST_TEST((*first_of(packet_of({0x99, 1, 0}, 256)))->body.size() == 256U);
    BOOST_TEST((*first_of(packet_of({0x9a, 0, 1, 0, 0}, 65536)))->body.size() == 65536U);
    BOOST_TEST((*first_of(packet_of({0xc6, 191}, 191)))->body.size() == 191U);
    BOOST_TEST((*first_of(packet_of({0xc6, 192, 0}, 192)))->body.size() == 192U);
    BOOST_TEST((*first_of(packet_of({0xc6, 223, 255}, 8383)))->body.size() == 8383U);
    BOOST_TEST((*first_of(packet_of({0xc6, 255, 0, 0, 32, 192}, 8384)))->body.size() == 8384U);
}

BOOST_AUTO_TEST_CASE(what_is_cut_short_or_of_unknown_length_is_refused) {
    for (const OctetString& octets :
         {packet_of({0x98}, 0), packet_of({0x98, 5}, 4), packet_of({0x99, 1}, 0),
          packet_of({0xc6}, 0), packet_of({0xc6, 192}, 0), packet_of({0xc6, 255, 0, 0, 0}, 0),
          packet_of({0xc6, 255, 255, 255, 255, 255}, 9), packet_of({0xc6, 224, 1}, 1),
          packet_of({0xc6, 254, 1}, 1)})
        BOOST_TEST(contains(refusal_of(octets), "cut short"));
    BOOST_TEST(contains(refusal_of(packet_of({0x9b}, 9)), "without length"));
    for (const std::uint8_t header : std::initializer_list<std::uint8_t>{0x00, 0x7f, 0x80, 0xc0})
        BOOST_TEST(contains(refusal_of(packet_of({header, 1}, 1)), "no OpenPGP packet"));
}

BOOST_AUTO_TEST_CASE(secret_keys_are_refused_even_when_damaged) {
    for (const std::uint8_t header :
         std::initializer_list<std::uint8_t>{0x94, 0x95, 0x97, 0x9c, 0xc5, 0xc7}) {
        BOOST_TEST(contains(refusal_of({header}), "secret key"));
        BOOST_TEST(contains(refusal_of(packet_of({header, 3}, 3)), "gpg --armor --export"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
