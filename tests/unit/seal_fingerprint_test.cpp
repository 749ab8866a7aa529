#include "seal/fingerprint.hpp"
#include "tests/unit/pgp_key.hpp"

#include <stdexcept>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

BOOST_AUTO_TEST_SUITE(seal_fingerprint)

BOOST_AUTO_TEST_CASE(the_sample_key_of_rfc_9580) {  // Appendix A.1
    const OctetString packet = from_hex(
        "0453F35F0B16092B06010401DA470F01010740"
        "3F098994BDD916ED4053197934E4A87C80733A1280D62F8010992E43EE3B2406");
    BOOST_TEST(to_hex(fingerprint_of(packet)) == "C959BDBAFA32A2F89A153B678CFDE12197965A9A");
}

BOOST_AUTO_TEST_CASE(lengths_have_two_octets) {
    BOOST_CHECK_NO_THROW(fingerprint_of(OctetString(65535)));
    BOOST_CHECK_THROW(fingerprint_of(OctetString(65536)), std::length_error);
}

BOOST_AUTO_TEST_SUITE_END()
