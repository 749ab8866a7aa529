#include "keyd/cli_command.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <fstream>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

BOOST_AUTO_TEST_SUITE(keyd_cli_command)

BOOST_AUTO_TEST_CASE(commands_become_requests) {
    const auto target = [](std::vector<std::string> words, CliOptions options = {}) {
        return target_of(parse_command(words, options).value(), options);
    };
    BOOST_TEST(target({"add", "Ann@b.test"}) == "/v1/addresses/Ann%40b.test/certificates");
    BOOST_TEST(target({"show", "ann@b.test"}) == "/v1/addresses/ann%40b.test");
    BOOST_TEST(target({"remove", "ann@b.test"}) == "/v1/addresses/ann%40b.test");
    BOOST_TEST(target({"export", "ann@b.test"}) == "/v1/addresses/ann%40b.test/certificates");
    BOOST_TEST(target({"check"}) == "/v1/check");
    BOOST_TEST(target({"check", "f", "ann@b.test"}) == "/v1/check?address=ann%40b.test");
    BOOST_TEST(target({"log", "verify"}) == "/v1/log/verify");
    BOOST_TEST(target({"log", "ann@b.test"}) == "/v1/log?limit=1000&address=ann%40b.test");
    CliOptions options;
    options.keep_tombstone = true;
    BOOST_TEST(target({"remove", "a@b.test"}, options) ==
               "/v1/addresses/a%40b.test?keep_tombstone=yes");
    options.certificate = "AB/..";
    BOOST_TEST(target({"remove", "a@b.test"}, options) ==
               "/v1/addresses/a%40b.test/certificates/AB%2f..");
}

BOOST_AUTO_TEST_CASE(domains_aliases_and_recovery_keys_become_requests) {
    const auto request = [](std::vector<std::string> words, CliOptions options = {}) {
        const auto command = parse_command(words, options).value();
        return method_of(command.verb) + " " + target_of(command, options) +
               (body_of(command).empty() ? "" : " " + body_of(command));
    };
    CliOptions removing;
    removing.remove = true;
    BOOST_TEST(request({"add", "@b.test"}) == "POST /v1/addresses/%40b.test/certificates");
    BOOST_TEST(request({"alias", "a@b.test", "c@d.test", "e@f.test"}) ==
               "PUT /v1/addresses/a%40b.test/alias {\"targets\":[\"c@d.test\",\"e@f.test\"]}");
    BOOST_TEST(request({"alias", "a@b.test"}, removing) == "DELETE /v1/addresses/a%40b.test/alias");
    BOOST_TEST(request({"alias"}) == "GET /v1/aliases?limit=1000");
    BOOST_TEST(request({"lost-key", "a@b.test"}) == "POST /v1/addresses/a%40b.test/lost");
    BOOST_TEST(request({"lost-key", "a@b.test", "AB"}) ==
               "POST /v1/addresses/a%40b.test/lost?key=AB");
    BOOST_TEST(request({"recovery", "set", "b.test", "file"}) == "PUT /v1/recovery/b.test");
    BOOST_TEST(parse_command({"recovery", "set", "b.test", "file"}, {}).value().file == "file");
    BOOST_TEST(request({"recovery", "show", "b.test"}) == "GET /v1/recovery/b.test");
    BOOST_TEST(request({"recovery", "show"}) == "GET /v1/recovery?limit=1000");
    BOOST_TEST(request({"recovery", "remove", "b.test"}) == "DELETE /v1/recovery/b.test");
    BOOST_TEST(request({"log", "recovery:b.test"}) ==
               "GET /v1/log?limit=1000&address=recovery%3ab.test");
    for (const std::vector<std::string>& wrong :
         std::vector<std::vector<std::string>>{{"alias", "a@b.test"},
                                               {"alias", "@b.test", "c@d.test"},
                                               {"alias", "a@b.test", "@d.test"},
                                               {"recovery"},
                                               {"recovery", "set"},
                                               {"recovery", "remove"},
                                               {"recovery", "burn", "b.test"},
                                               {"recovery", "show", "a@b.test"},
                                               {"recovery", "remove", "b.test", "x"},
                                               {"lost-key"},
                                               {"lost-key", "a"},
                                               {"show", "recovery:b.test"}})
        BOOST_TEST(!parse_command(wrong, {}), wrong[0] + " " + wrong.back());
    for (const std::vector<std::string>& wrong :
         std::vector<std::vector<std::string>>{{"alias"}, {"alias", "a@b.test", "c@d.test"}})
        BOOST_TEST(!parse_command(wrong, removing));
}

BOOST_AUTO_TEST_CASE(wrong_words_are_refused_with_the_usage) {
    const std::vector<std::vector<std::string>> wrong{{},
                                                      {"frobnicate"},
                                                      {"add"},
                                                      {"add", "a@b.test", "f", "g"},
                                                      {"show"},
                                                      {"show", "no-address"},
                                                      {"list", "x"},
                                                      {"remove"},
                                                      {"check", "f", "x"},
                                                      {"log", "x", "y"},
                                                      {"show", "\xff@b.test"}};
    for (const auto& words : wrong) BOOST_TEST(!parse_command(words, {}));
    BOOST_TEST(
        (parse_command({"add"}, {}).error().what.find("add ADDRESS [FILE]") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(secret_keys_stay_here) {
    const TemporaryDirectory directory;
    const auto verdict = [&directory](const std::string& content) {
        std::ofstream{directory / "key"} << content;
        const auto read = read_certificate_file(directory / "key");
        return read ? std::string{} : read.error().what;
    };
    BOOST_TEST(!verdict("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n-----END PGP PRIVATE KEY "
                        "BLOCK-----\n")
                    .empty());
    // Binary: a secret key packet (tag 5) of one octet; a secret subkey behind a user id.
    BOOST_TEST((verdict("\xc5\x01\x04").find("secret") != std::string::npos));
    BOOST_TEST((verdict("\xcd\x01x\xc7\x01\x04").find("secret") != std::string::npos));
    BOOST_TEST(verdict("\xcd\x01x").empty());
    BOOST_TEST(!verdict("hello").empty());
    BOOST_TEST(!read_certificate_file(directory / "missing"));
}

BOOST_AUTO_TEST_SUITE_END()
