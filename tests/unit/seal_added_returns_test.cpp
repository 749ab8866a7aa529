#include "seal/added_returns.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

namespace maildircrypt {
namespace {

class Gathered : public Encryptor {
public:
    Result<void> write(std::string_view plaintext) override {
        text += plaintext;
        return {};
    }
    Result<void> finish() override { return {}; }
    std::string text;
};

std::string with_returns(std::string_view text) {
    Gathered gathered;
    BOOST_TEST(!!write_with_returns(text, gathered));
    return gathered.text;
}

BOOST_AUTO_TEST_SUITE(seal_added_returns)

BOOST_AUTO_TEST_CASE(every_line_feed_gets_one_return) {
    BOOST_TEST(with_returns("") == "");
    BOOST_TEST(with_returns("a\n\nb") == "a\r\n\r\nb");
    BOOST_TEST(with_returns("\r\n\r") == "\r\r\n\r");
}

BOOST_AUTO_TEST_CASE(text_beyond_one_piece_is_whole) {
    for (const std::size_t size : {4095, 4096, 4097, 8193}) {
        std::string doubled;
        for (std::size_t i = 0; i < size; ++i) doubled += "\r\n";
        BOOST_TEST(with_returns(std::string(size, '\n')) == doubled);
        BOOST_TEST(with_returns(std::string(size, 'x')) == std::string(size, 'x'));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace maildircrypt
