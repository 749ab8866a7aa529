#include "milter/settings.hpp"

#include <initializer_list>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

Result<MilterSettings> read(std::initializer_list<const char*> options) {
    std::vector<const char*> arguments{"maildircrypt-milter", "--socket=unix:/run/m.sock"};
    arguments.insert(arguments.end(), options);
    const auto parsed =
        parse_options(milter_program(), static_cast<int>(arguments.size()), arguments.data());
    BOOST_REQUIRE(parsed);
    BOOST_REQUIRE(parsed->has_value());
    return read_settings(**parsed);
}

void check_refused(std::initializer_list<const char*> options, const std::string& what) {
    const auto settings = read(options);
    BOOST_REQUIRE(!settings);
    BOOST_TEST((settings.error().fate == Fate::refuse));
    BOOST_TEST(settings.error().what.find(what) != std::string::npos, settings.error().what);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_settings)

BOOST_AUTO_TEST_CASE(the_defaults_keep_the_promises_of_a_host_without_a_guard) {
    const auto settings = read({});
    BOOST_REQUIRE(settings);
    BOOST_TEST(settings->socket_path == "/run/m.sock");
    BOOST_TEST(settings->socket_mode == 0660U);
    BOOST_TEST(settings->keyd_socket == "/run/maildircrypt/keyd.sock");
    BOOST_TEST(!settings->policy.envelope.guard);
    BOOST_TEST(settings->policy.envelope.separate_mixed);
    BOOST_TEST(!settings->policy.envelope.one_recipient);
    BOOST_TEST(settings->policy.size_limit == 10'240'000U);
    BOOST_TEST(settings->policy.own_networks.contains("127.0.0.1"));
    BOOST_TEST(!settings->policy.own_networks.contains("192.0.2.1"));
    BOOST_TEST((settings->seal.line_end == LineEnd::crlf));
    BOOST_TEST(!settings->seal.keep_original);
}

BOOST_AUTO_TEST_CASE(options_are_read) {
    const auto settings =
        read({"--guard=yes", "--mixed-recipients=separate", "--one-recipient=yes",
              "--own-networks=192.0.2.0/24", "--origin=mx.test", "--size-limit=0",
              "--max-messages=7", "--max-octets=8", "--spill-memory=0", "--spill-directory=/x",
              "--socket-mode=600", "--keyd=/k", "--store-id=0123456789abcdef0123456789abcdef",
              "--domains=a.test,b.test", "--log=syslog"});
    BOOST_REQUIRE(settings);
    BOOST_TEST(settings->policy.envelope.guard);
    BOOST_TEST(settings->store_id == "0123456789abcdef0123456789abcdef");
    BOOST_TEST(settings->policy.envelope.separate_mixed);
    BOOST_TEST(settings->policy.envelope.one_recipient);
    BOOST_TEST(settings->policy.own_networks.contains("192.0.2.1"));
    BOOST_TEST(settings->policy.origin == "mx.test");
    BOOST_TEST(settings->policy.size_limit == 0U);
    BOOST_TEST(settings->max_messages == 7U);
    BOOST_TEST(settings->max_octets == 8U);
    BOOST_TEST(settings->spill_memory == 0U);
    BOOST_TEST(settings->spill_directory == "/x");
    BOOST_TEST(settings->socket_mode == 0600U);
    BOOST_TEST(settings->keyd_socket == "/k");
    BOOST_TEST(settings->policy.keys.domains.size() == 2U);
    BOOST_TEST((settings->log_target == Log::Target::syslog));
    BOOST_TEST(!read({"--guard=yes"})->policy.envelope.separate_mixed);
}

BOOST_AUTO_TEST_CASE(what_is_not_understood_is_refused_with_the_options_name) {
    check_refused({"--guard=perhaps"}, "'guard'");
    check_refused({"--mixed-recipients=guard"}, "'mixed-recipients'");
    check_refused({"--mixed-recipients=x"}, "'mixed-recipients'");
    check_refused({"--one-recipient=1"}, "'one-recipient'");
    check_refused({"--own-networks=all"}, "'own-networks'");
    check_refused({"--origin=a b"}, "'origin'");
    check_refused({"--store-id=0123456789abcdef0123456789abcde"}, "'store-id'");
    check_refused({"--store-id=0123456789ABCDEF0123456789ABCDEF"}, "'store-id'");
    check_refused({"--size-limit=-1"}, "'size-limit'");
    check_refused({"--size-limit=10M"}, "'size-limit'");
    check_refused({"--max-messages=0"}, "'max-messages'");
    check_refused({"--max-octets=99999999999999999999999"}, "'max-octets'");
    check_refused({"--socket-mode=888"}, "'socket-mode'");
    check_refused({"--socket-mode=1777"}, "'socket-mode'");
    check_refused({"--log=nowhere"}, "'log'");
    check_refused({"--no-key=perhaps"}, "'no-key'");
}

/// A domain that no address can have would be met by no mail: all of it would pass in clear.
BOOST_AUTO_TEST_CASE(a_domain_that_is_none_is_refused) {
    for (const char* domains : {"\"example.org\"", "*.example.org", ".example.org", "@example.org",
                                "example.org;example.net", "example.net, a@example.org"})
        check_refused({"--domains", domains}, "'domains'");
    check_refused({"--subject-for=\"alice@example.org\"=hide"}, "'subject-for'");
    check_refused({"--outer-headers-for=*.example.org=minimal"}, "'outer-headers-for'");
    const auto settings = read({"--domains=Example.ORG., b.test"});
    BOOST_REQUIRE(settings);
    BOOST_TEST(settings->policy.keys.domains == (std::vector<std::string>{"example.org", "b.test"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_a_unix_socket_with_a_whole_path_is_taken) {
    for (const char* socket : {"inet:8891@127.0.0.1", "unix:relative", "/run/m.sock", ""}) {
        const std::string option = std::string{"--socket="} + socket;
        const char* arguments[] = {"maildircrypt-milter", option.c_str()};
        const auto parsed = parse_options(milter_program(), 2, arguments);
        if (!parsed) continue;  // the empty one
        BOOST_TEST(!read_settings(**parsed), socket);
    }
    const char* none[] = {"maildircrypt-milter"};
    BOOST_TEST(!read_settings(**parse_options(milter_program(), 1, none)));
}

BOOST_AUTO_TEST_SUITE_END()
