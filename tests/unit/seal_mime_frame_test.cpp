#include "seal/mime_frame.hpp"

#include <boost/test/unit_test.hpp>

namespace maildircrypt {
namespace {

BOOST_AUTO_TEST_SUITE(seal_mime_frame)

BOOST_AUTO_TEST_CASE(two_parts_open_and_one_delimiter_closes) {
    const std::string head = frame_head("=_b", LineEnd::lf);
    const auto first = head.find("\n--=_b\nContent-Type: application/pgp-encrypted\n");
    const auto second = head.find("\n--=_b\nContent-Type: application/octet-stream;");
    BOOST_TEST(first != head.npos);
    BOOST_TEST(second != head.npos);
    BOOST_TEST(first < second);
    BOOST_TEST(head.ends_with("\n\n"));
    BOOST_TEST(frame_tail("=_b", LineEnd::lf) == "\n--=_b--\n");
}

BOOST_AUTO_TEST_CASE(every_line_ends_as_asked) {
    BOOST_TEST(frame_head("=_b", LineEnd::lf).find('\r') == std::string::npos);
    BOOST_TEST(frame_tail("=_b", LineEnd::crlf) == "\r\n--=_b--\r\n");
    const std::string head = frame_head("=_b", LineEnd::crlf);
    for (auto at = head.find('\n'); at != head.npos; at = head.find('\n', at + 1))
        BOOST_TEST(head.at(at - 1) == '\r');
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace maildircrypt
