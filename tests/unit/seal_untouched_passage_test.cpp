#include "seal/untouched_passage.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

struct Collector : MessageOutput {
    std::string text;
    int headers = 0;
    Result<void> header(const OuterHeader&) override {
        ++headers;
        return {};
    }
    Result<void> body(Deliverable piece) override {
        text += piece.text();
        return {};
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_untouched_passage)

BOOST_AUTO_TEST_CASE(hands_on_every_octet_and_no_header_of_ours) {
    using namespace std::string_literals;
    const std::string message = "Subject: x\r\nMaildircrypt-Provenance: forged\n\n\0\xff\r\n."s;
    Collector collector;
    UntouchedPassage passage{collector};
    for (const char& octet : message) BOOST_REQUIRE(passage.write({&octet, 1}));
    BOOST_TEST((collector.text == message));
    BOOST_TEST(collector.headers == 0);
}

BOOST_AUTO_TEST_SUITE_END()
