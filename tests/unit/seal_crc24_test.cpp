#include "seal/crc24.hpp"

#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

/// RFC 4880 §6.1, bit by bit.
std::uint32_t by_definition(Octets octets) {
    std::uint32_t crc = 0xB704CE;
    for (const std::uint8_t octet : octets) {
        crc ^= static_cast<std::uint32_t>(octet) << 16U;
        for (int bit = 0; bit < 8; ++bit) {
            crc <<= 1U;
            if ((crc & 0x1000000U) != 0) crc ^= 0x1864CFBU;
        }
    }
    return crc & 0xFFFFFFU;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_crc24)

BOOST_AUTO_TEST_CASE(known_answers) {
    BOOST_TEST(Crc24{}.value() == 0xB704CEU);
    Crc24 crc;
    crc.update(as_octets("123456789"));
    BOOST_TEST(crc.value() == 0x21CF02U);  // the check value of CRC-24/OPENPGP
}

BOOST_AUTO_TEST_CASE(every_length_and_split_agrees_with_the_definition) {
    OctetString octets;
    for (unsigned i = 0; i < 100; ++i) octets.push_back(static_cast<std::uint8_t>(i * 91 + 7));
    for (std::size_t size = 0; size <= octets.size(); ++size) {
        const Octets part = Octets{octets}.first(size);
        for (std::size_t split = 0; split <= size; ++split) {
            Crc24 crc;
            crc.update(part.first(split));
            crc.update(part.subspan(split));
            BOOST_REQUIRE_EQUAL(crc.value(), by_definition(part));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
