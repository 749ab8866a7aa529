#include "seal/mpi.hpp"
#include "tests/unit/pgp_key.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

BOOST_AUTO_TEST_SUITE(seal_mpi)

BOOST_AUTO_TEST_CASE(the_examples_of_rfc_4880) {  // §3.2
    OctetString out;
    append_mpi(out, OctetString{0x01});
    append_mpi(out, OctetString{0x01, 0xFF});
    BOOST_TEST((out == from_hex("000101000901FF")));
    OctetReader reader{out};
    BOOST_TEST((read_mpi(reader)->size() == 1U));
    BOOST_TEST((read_mpi(reader)->size() == 2U));
    BOOST_TEST(reader.left() == 0U);
}

BOOST_AUTO_TEST_CASE(leading_zeros_are_not_written_and_not_read) {
    OctetString out;
    append_mpi(out, OctetString{0, 0, 0x80, 0});
    BOOST_TEST((out == from_hex("00108000")));
    append_mpi(out, OctetString{0, 0});
    BOOST_TEST((out == from_hex("001080000000")));
    for (const char* wrong : {"00020100", "000101", "000102", "00090001", "0001", "00", ""}) {
        const OctetString octets = from_hex(wrong);
        OctetReader reader{octets};
        const bool whole = bool(read_mpi(reader)) && reader.left() == 0;
        BOOST_TEST(whole == (std::string_view{wrong} == "000101"), wrong);
    }
}

BOOST_AUTO_TEST_SUITE_END()
