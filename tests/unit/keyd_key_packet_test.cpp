#include "keyd/certificate.hpp"
#include "keyd/key_packet.hpp"

#include <initializer_list>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

const OctetString number{0, 9, 1, 0xff};
const OctetString counted{3, 7, 8, 9};

OctetString key(std::uint8_t algorithm, std::initializer_list<OctetString> parts) {
    OctetString body{4, 0x60, 0, 0, 0, algorithm};
    for (const OctetString& part : parts) body.insert(body.end(), part.begin(), part.end());
    return body;
}

OctetString number_of(std::size_t bits) {
    OctetString made{static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits & 0xff)};
    made.push_back(static_cast<std::uint8_t>(1 << (bits - 1) % 8));
    made.resize(2 + (bits + 7) / 8);
    return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_key_packet)

BOOST_AUTO_TEST_CASE(each_algorithm_has_its_numbers) {
    for (const OctetString& body :
         {key(1, {number, number}), key(3, {number, number}), key(16, {number, number, number}),
          key(17, {number, number, number, number}), key(18, {counted, number, counted}),
          key(19, {counted, number}), key(22, {counted, number})}) {
        BOOST_TEST(is_well_formed_key(body));
        for (std::size_t size = 0; size < body.size(); ++size)
            BOOST_TEST(!is_well_formed_key(Octets{body}.first(size)));
        OctetString longer = body;
        longer.push_back(0);
        BOOST_TEST(!is_well_formed_key(longer));
        OctetString other = body;
        other[0] = 5;
        BOOST_TEST(!is_well_formed_key(other));
    }
    for (const std::uint8_t algorithm : std::initializer_list<std::uint8_t>{0, 20, 25, 27, 100})
        BOOST_TEST(!is_well_formed_key(key(algorithm, {number, number})));
}

BOOST_AUTO_TEST_CASE(numbers_are_exact_and_of_a_length_that_gpg_reads) {
    BOOST_TEST(!is_well_formed_key(key(1, {{0, 10, 1, 0xff}, number})));
    BOOST_TEST(!is_well_formed_key(key(1, {{0, 0}, number})));
    BOOST_TEST(is_well_formed_key(key(1, {number_of(max_number_bits), number})));
    BOOST_TEST(!is_well_formed_key(key(1, {number_of(max_number_bits + 1), number})));
    const OctetString longest = number_of(max_number_bits);
    BOOST_TEST(key(17, {longest, longest, longest, longest}).size() <= max_packet);
}

BOOST_AUTO_TEST_SUITE_END()
