#include "seal/packet_writer.hpp"

#include <stdexcept>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

struct Collector : OctetSink {
    std::vector<OctetString> pieces;
    Result<void> write(Octets piece) override {
        pieces.emplace_back(piece.begin(), piece.end());
        return {};
    }
};

OctetString header_of(std::size_t length) {
    PacketHeader header;
    header.tag(11);
    header.length(length);
    return {header.octets().begin(), header.octets().end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_packet_writer)

BOOST_AUTO_TEST_CASE(definite_lengths_have_the_edges_of_rfc_4880) {
    BOOST_TEST((header_of(0) == OctetString{0xCB, 0}));
    BOOST_TEST((header_of(100) == OctetString{0xCB, 0x64}));
    BOOST_TEST((header_of(191) == OctetString{0xCB, 191}));
    BOOST_TEST((header_of(192) == OctetString{0xCB, 192, 0}));
    BOOST_TEST((header_of(1723) == OctetString{0xCB, 0xC5, 0xFB}));  // §4.2.3's example
    BOOST_TEST((header_of(8383) == OctetString{0xCB, 223, 255}));
    BOOST_CHECK_THROW(header_of(8384), std::length_error);
}

BOOST_AUTO_TEST_CASE(a_piece_goes_on_when_there_is_more) {
    Collector out;
    PacketWriter writer{18, out};
    const OctetString body(PacketWriter::piece_size, 7);
    BOOST_REQUIRE(writer.write(body));
    BOOST_TEST(out.pieces.size() == 0U);
    BOOST_REQUIRE(writer.write(Octets{}));
    BOOST_TEST(out.pieces.size() == 0U);
    BOOST_REQUIRE(writer.write(Octets{body}.first(1)));
    BOOST_REQUIRE(out.pieces.size() == 1U);
    BOOST_TEST(out.pieces[0].size() == 2 + PacketWriter::piece_size);
    BOOST_TEST(out.pieces[0][0] == 0xD2);
    BOOST_TEST(out.pieces[0][1] == 0xED);
    BOOST_REQUIRE(writer.finish());
    BOOST_REQUIRE(out.pieces.size() == 2U);
    BOOST_TEST((out.pieces[1] == OctetString{1, 7}));
}

BOOST_AUTO_TEST_CASE(a_body_of_one_piece_has_a_definite_length) {
    Collector out;
    PacketWriter writer{8, out};
    BOOST_REQUIRE(writer.write(OctetString(8192, 7)));
    BOOST_REQUIRE(writer.finish());
    BOOST_REQUIRE(out.pieces.size() == 1U);
    BOOST_TEST(out.pieces[0].size() == 3U + 8192U);
    BOOST_TEST(out.pieces[0][0] == 0xC8);
    BOOST_TEST(out.pieces[0][1] == 0xDF);
    BOOST_TEST(out.pieces[0][2] == 0x40);
}

BOOST_AUTO_TEST_CASE(room_is_never_empty) {
    Collector out;
    PacketWriter writer{8, out};
    std::size_t filled = 0;
    while (filled < 3 * PacketWriter::piece_size) {
        const auto room = writer.room();
        BOOST_REQUIRE(room);
        BOOST_REQUIRE(!room->empty());
        writer.advance(room->size());
        filled += room->size();
    }
    BOOST_TEST(filled == 3 * PacketWriter::piece_size);
    BOOST_TEST(out.pieces.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
