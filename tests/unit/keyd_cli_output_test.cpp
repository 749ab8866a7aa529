#include "keyd/cli_output.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using nlohmann::json;

namespace {

CliText describe(CliVerb verb, const json& reply) {
    CliCommand command;
    command.verb = verb;
    return describe_reply(command, json::parse(reply.dump()));  // numbers as a parser types them
}

const json key{{"fingerprint", "AB"}, {"created", 86400}, {"expires", 172800}, {"revoked", true}};
const json certificate{{"fingerprint", "CD"},
                       {"created", 86400},
                       {"expires", 0},
                       {"revoked", false},
                       {"user_ids", json::array({"Ann"})},
                       {"encryption_keys", json::array({key})}};

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_cli_output)

BOOST_AUTO_TEST_CASE(add_prints_one_line) {
    json reply = certificate;
    reply["address"] = "ann@b.test";
    reply["state"] = "sealable";
    BOOST_TEST(describe(CliVerb::add, reply).text == "ann@b.test: CD, never expires, sealable\n");
}

BOOST_AUTO_TEST_CASE(show_names_everything) {
    const json reply{{"address", "ann@b.test"},  {"by", "ann@b.test"},
                     {"targets", json::array()}, {"lost", json::array()},
                     {"recovery", nullptr},      {"state", "sealable"},
                     {"sealed_to", "AB"},        {"certificates", json::array({certificate})}};
    BOOST_TEST(describe(CliVerb::show, reply).text ==
               "ann@b.test: sealable\n"
               "certificate CD, created 1970-01-02, never expires\n"
               "  Ann\n"
               "  encryption key AB, created 1970-01-02, expires 1970-01-03, revoked\n"
               "mail is sealed to: AB\n");
}

BOOST_AUTO_TEST_CASE(owners_are_told_who_else_can_read_their_mail) {
    json reply = certificate;
    reply["address"] = "ann@b.test";
    reply["state"] = "sealable";
    json recovery = certificate;
    recovery["domain"] = "b.test";
    recovery["state"] = "sealable";
    reply["recovery"] = recovery;
    const std::string line =
        "its mail is also sealed to the recovery key CD of b.test, which the administrator has "
        "set\n";
    BOOST_TEST(describe(CliVerb::add, reply).text ==
               "ann@b.test: CD, never expires, sealable\n" + line);
    const json shown{{"address", "ann@b.test"}, {"by", "@b.test"},
                     {"state", "sealable"},     {"targets", {"x@b.test", "y@b.test"}},
                     {"lost", {"EF"}},          {"recovery", recovery},
                     {"sealed_to", "AB"},       {"certificates", json::array()}};
    BOOST_TEST(describe(CliVerb::show, shown).text ==
               "ann@b.test: sealable\nby the keys of @b.test\nalias of x@b.test y@b.test\n"
               "lost keys: EF\nmail is sealed to: AB\n" +
                   line);
    BOOST_TEST(describe(CliVerb::recovery_show, recovery).text ==
               "b.test: recovery key CD, never expires, sealable\n  Ann\n");
    const json lost{{"address", "ann@b.test"}, {"state", "tombstone"}, {"lost", {"EF"}}};
    BOOST_TEST(describe(CliVerb::lost_key, lost).text.find("deferred") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(replies_that_are_not_keyds_are_noticed) {
    for (const CliVerb verb :
         {CliVerb::add, CliVerb::list, CliVerb::show, CliVerb::remove, CliVerb::export_key,
          CliVerb::check, CliVerb::expiring, CliVerb::log, CliVerb::log_verify, CliVerb::status,
          CliVerb::lost_key, CliVerb::alias, CliVerb::alias_list, CliVerb::alias_remove,
          CliVerb::recovery_set, CliVerb::recovery_show, CliVerb::recovery_list,
          CliVerb::recovery_remove})
        for (const json& reply : {json::object(), json{{"address", 1}}, json(nullptr), json("x")})
            BOOST_TEST(!describe(verb, reply).ok);
    BOOST_TEST(!describe(CliVerb::list, {{"addresses", json::array({1, 2})}}).ok);
    BOOST_TEST(!describe(CliVerb::log, {{"changes", {{{"sequence", "x"}}}}}).ok);
}

BOOST_AUTO_TEST_CASE(control_characters_do_not_reach_the_terminal) {
    BOOST_TEST(printable("a\x1b[2Jb\nc\x7f") == "a?[2Jb?c?");
    BOOST_TEST(printable("Z\xc3\xbcrich \xc2\x9b"
                         "31m") == "Z\xc3\xbcrich ?31m");
    BOOST_TEST(printable("\xc2\xa0") == "\xc2\xa0");
    BOOST_TEST(printable("\xff") == "(not UTF-8)");
}

BOOST_AUTO_TEST_CASE(dates_are_short) {
    BOOST_TEST(date_text(0) == "never");
    BOOST_TEST(date_text(1795219200) == "2026-11-21");
}

BOOST_AUTO_TEST_SUITE_END()
