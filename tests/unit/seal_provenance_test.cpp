#include "seal/provenance.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(seal_provenance)

BOOST_AUTO_TEST_CASE(each_verdict_has_its_form) {
    EncryptionKey key;
    key.fingerprint.fill(0xAB);
    const std::string digits = to_hex(key.fingerprint);
    const std::vector keys{key, key};
    BOOST_TEST(sealed_provenance("h", {7, "0f"}, keys, false) ==
               "Maildircrypt-Provenance: sealed; host=h;\n log=7:0f;\n keys=" + digits + ",\n " +
                   digits);
    BOOST_TEST(sealed_provenance("h", {7, "0f"}, keys, true) ==
               "Maildircrypt-Provenance: sealed; host=h;\n log=7:0f");
    BOOST_TEST(end_to_end_provenance("h") == "Maildircrypt-Provenance: end-to-end; host=h");
    BOOST_TEST(clear_provenance("h", "no-key") ==
               "Maildircrypt-Provenance: clear; host=h; reason=no-key");
}

BOOST_AUTO_TEST_CASE(our_hosts_are_recognised_whatever_the_folding) {
    const std::vector<std::string> hosts{"a.test", "mx.test"};
    for (const auto* value :
         {" sealed; host=mx.test; log=1:00; keys=AB", "sealed;host=MX.test",
          "\r\n sealed;\r\n\thost=a.test;\r\n log=1:00", " end-to-end; host=mx.test \r"})
        BOOST_TEST(says_treated_by(value, hosts), value);
    for (const auto* value :
         {"", "sealed", "sealed; host=", "sealed; host=b.test", "sealed; host=mx.test.evil",
          "sealed; log=1:00; host=mx.test", "clear; host=mx.test; reason=no-key",
          "SEALED; host=mx.test", "sealed host=mx.test", "sealed; host=a.test,mx.test",
          "not sealed; host=mx.test"})
        BOOST_TEST(!says_treated_by(value, hosts), value);
    BOOST_TEST(!says_treated_by("sealed; host=mx.test", {}));
}

BOOST_AUTO_TEST_SUITE_END()
