#include "seal/address.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

std::string canonical(std::string_view text) {
    auto address = Address::parse(text);
    return address ? address->text() : "refused";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_address)

BOOST_AUTO_TEST_CASE(folds_ascii_case_only) {
    BOOST_TEST(canonical("Alice.B@Example.ORG") == "alice.b@example.org");
    BOOST_TEST(canonical("J\xc3\x96RG@example.org") == "j\xc3\x96rg@example.org");
    BOOST_TEST(canonical("<alice@example.org>") == "alice@example.org");
    BOOST_TEST(canonical("alice@example.org.") == "alice@example.org");
    BOOST_TEST(canonical("alice@[192.0.2.1]") == "alice@[192.0.2.1]");
}

BOOST_AUTO_TEST_CASE(keeps_quotes_only_where_needed) {
    BOOST_TEST(canonical("\"alice\"@example.org") == "alice@example.org");
    BOOST_TEST(canonical("\"A\\lice\"@example.org") == "alice@example.org");
    BOOST_TEST(canonical("\"a b@c\"@example.org") == "\"a b@c\"@example.org");
    BOOST_TEST(canonical("\"a\\\"b\"@example.org") == "\"a\\\"b\"@example.org");
    auto address = Address::parse("\"a b@c\"@example.org");
    BOOST_REQUIRE(bool(address));
    BOOST_TEST(address->local() == "\"a b@c\"");
    BOOST_TEST(address->domain() == "example.org");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_address) {
    using namespace std::string_view_literals;
    for (const auto text : {""sv,
                            "<>"sv,
                            "alice"sv,
                            "@example.org"sv,
                            "alice@"sv,
                            "a b@example.org"sv,
                            ".a@x"sv,
                            "a.@x"sv,
                            "a..b@x"sv,
                            "@relay:alice@example.org"sv,
                            "alice@exa mple.org"sv,
                            "alice@../etc"sv,
                            "alice@a..b"sv,
                            "alice@a.."sv,
                            "alice@.b"sv,
                            "alice@x/y"sv,
                            "a\0b@x"sv,
                            "alice@x\0"sv,
                            "a\n@x"sv,
                            "\"a\n\"@x"sv,
                            "\"a@x"sv,
                            "\"a\"b@x"sv,
                            "\"\"@x"sv,
                            "a@b@c"sv,
                            "\"a\\"sv})
        BOOST_TEST(canonical(text) == "refused", "accepted: " << text);
}

BOOST_AUTO_TEST_CASE(limits_hold_at_their_edges) {
    const std::string domain = "@example.org";
    BOOST_TEST(canonical(std::string(max_local_part, 'a') + domain) != "refused");
    BOOST_TEST(canonical(std::string(max_local_part + 1, 'a') + domain) == "refused");
    const std::string label(63, 'd');
    const std::string long_domain = label + '.' + label + '.' + label + '.';
    const std::string local = "ab@";
    const std::string fits = local + long_domain + std::string(max_address - 3 - 192, 'e');
    BOOST_TEST(canonical(fits) == fits);
    BOOST_TEST(canonical(fits + 'e') == "refused");
}

BOOST_AUTO_TEST_SUITE_END()
