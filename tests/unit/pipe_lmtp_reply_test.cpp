#include "pipe/lmtp_limits.hpp"
#include "pipe/lmtp_reply.hpp"

#include <boost/test/unit_test.hpp>

namespace maildircrypt::lmtp {
namespace {

std::string handed_back(int code, std::string enhanced, std::string text) {
    return hand_back({code, std::move(enhanced), std::move(text), {}}).render();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lmtp_reply)

BOOST_AUTO_TEST_CASE(verdicts_about_mail_are_handed_back_with_their_codes) {
    BOOST_TEST(handed_back(552, "5.2.2", "<a@b> Quota") == "552 5.2.2 <a@b> Quota\r\n");
    BOOST_TEST(handed_back(452, "4.2.2", "full") == "452 4.2.2 full\r\n");
    BOOST_TEST(handed_back(250, "2.0.0", "saved") == "250 2.0.0 saved\r\n");
    BOOST_TEST(handed_back(501, "5.1.3", "bad address") == "501 5.1.3 bad address\r\n");
}

BOOST_AUTO_TEST_CASE(an_enhanced_code_of_another_class_or_none_is_replaced) {
    BOOST_TEST(handed_back(550, "", "no") == "550 5.0.0 no\r\n");
    BOOST_TEST(handed_back(550, "4.2.2", "no") == "550 5.0.0 no\r\n");
    BOOST_TEST(handed_back(450, "2.0.0", "no") == "450 4.0.0 no\r\n");
}

BOOST_AUTO_TEST_CASE(a_quarrel_between_us_and_the_next_hop_never_bounces_mail) {
    for (const int code : {500, 502, 503, 504, 530, 534, 535, 538, 555})
        BOOST_TEST(handed_back(code, "5.5.1", "what").starts_with("451 4.5.0 "));
    BOOST_TEST(handed_back(421, "4.3.2", "bye") == "451 4.3.2 bye\r\n");
    BOOST_TEST(handed_back(421, "", "bye") == "451 4.4.2 bye\r\n");
    BOOST_TEST(handed_back(354, "", "go").starts_with("451 4.5.0 "));
    BOOST_TEST(handed_back(150, "", "wait").starts_with("451 4.5.0 "));
}

BOOST_AUTO_TEST_CASE(text_of_others_is_one_short_line_of_printable_ascii) {
    BOOST_TEST(sanitise("a\r\n250 b\x01\x80\x7f") == "a??250 b???");
    BOOST_TEST(sanitise(std::string(max_reply_text, 'x')).size() == max_reply_text);
    BOOST_TEST(sanitise(std::string(max_reply_text + 1, 'x')).size() == max_reply_text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
