#include "keyd/json_text.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_json_text)

BOOST_AUTO_TEST_CASE(what_is_json_is_read_whole) {
    const auto value = parse_json(R"({"a": [1, {"b": null}], "c": "d", "a2": -1})");
    BOOST_TEST(value.dump() == R"({"a":[1,{"b":null}],"a2":-1,"c":"d"})");
    BOOST_TEST(parse_json(nested(max_json_depth)).dump() == nested(max_json_depth));
}

BOOST_AUTO_TEST_CASE(what_is_not_json_is_discarded) {
    for (const char* text : {"", "{", "{}{}", "[1,]", "\"\xff\"", "nothing"})
        BOOST_TEST(parse_json(text).is_discarded(), text);
}

BOOST_AUTO_TEST_CASE(what_is_nested_too_deep_is_discarded_however_deep) {
    for (const std::size_t depth : {max_json_depth + 1UL, 1'000'000UL}) {
        BOOST_TEST(parse_json(nested(depth)).is_discarded(), depth);
        BOOST_TEST(parse_json("{\"a\":" + nested(depth) + "}").is_discarded(), depth);
        BOOST_TEST(parse_json("[" + nested(depth) + ",1]").is_discarded(), depth);
    }
}

BOOST_AUTO_TEST_SUITE_END()
