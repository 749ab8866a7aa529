#include "pipe/control.hpp"
#include "pipe/worker_options.hpp"
#include "tests/lib/scratch.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

const char* empty_environment(const char*) {
    return nullptr;
}

const char* exim_environment(const char* name) {
    const std::string_view variable{name};
    if (variable == "RECIPIENT") return "exim@d.test";
    if (variable == "SENDER") return "sender@d.test";
    if (variable == "MESSAGE_ID") return "1abc-2";
    return nullptr;
}

const char* parts_environment(const char* name) {
    const std::string_view variable{name};
    if (variable == "RECIPIENT") return "";
    if (variable == "LOCAL_PART") return "local";
    if (variable == "DOMAIN") return "d.test";
    return nullptr;
}

Result<PipeOptions> read(std::vector<const char*> arguments,
                         Environment environment = empty_environment) {
    arguments.insert(arguments.begin(), "maildircrypt-pipe");
    const auto parsed =
        parse_options(describe_pipe(), static_cast<int>(arguments.size()), arguments.data());
    if (!parsed) return parsed.error();
    BOOST_REQUIRE(*parsed);
    return read_pipe_options(**parsed, environment);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipe_worker_options)

BOOST_AUTO_TEST_CASE(the_command_line_says_all) {
    const auto options = read({"--recipient", "bob@d.test", "--sender", "ada@x.test", "--queue-id",
                               "4711", "--maildir", "/m/%u", "--keyd", "/k", "--deadline", "30",
                               "--recipient-delimiter", "+", "--mailbox-domain", "D.test"},
                              exim_environment);
    BOOST_REQUIRE(options);
    BOOST_TEST(options->recipient == "bob@d.test");
    BOOST_TEST(options->sender == "ada@x.test");
    BOOST_TEST(options->queue_id == "4711");
    BOOST_TEST(options->keyd_socket == "/k");
    BOOST_TEST(options->deadline == 30);
    BOOST_TEST(options->names.delimiter == "+");
    BOOST_TEST(options->names.domain == "d.test");
    BOOST_TEST(options->maildir.has_value());
    BOOST_TEST((options->seal.line_end == LineEnd::lf));
}

BOOST_AUTO_TEST_CASE(what_it_leaves_out_comes_from_exims_environment) {
    const auto options = read({"--maildir", "/m/%u"}, exim_environment);
    BOOST_REQUIRE(options);
    BOOST_TEST(options->recipient == "exim@d.test");
    BOOST_TEST(options->sender == "sender@d.test");
    BOOST_TEST(options->queue_id == "1abc-2");
    BOOST_TEST(options->deadline == default_deadline);
    BOOST_TEST(read({"--filter"}, parts_environment)->recipient == "local@d.test");
}

BOOST_AUTO_TEST_CASE(addresses_that_look_like_options_are_addresses) {
    const auto options =
        read({"--recipient", "--filter@d.test", "--sender", "-x@d.test", "--maildir", "/m/%u"});
    BOOST_REQUIRE(options);
    BOOST_TEST(options->recipient == "--filter@d.test");
    BOOST_TEST(options->sender == "-x@d.test");
    BOOST_TEST(options->maildir.has_value());
}

BOOST_AUTO_TEST_CASE(the_null_sender_may_be_empty) {
    const auto options = read({"--recipient", "b@d.test", "--sender", "", "--maildir", "/m/%u"});
    BOOST_REQUIRE(options);
    BOOST_TEST(options->sender.empty());
}

BOOST_AUTO_TEST_CASE(filter_mode_has_no_maildir) {
    BOOST_TEST(!read({"--recipient", "b@d.test", "--filter"})->maildir.has_value());
    BOOST_TEST(!read({"--recipient", "b@d.test", "--filter", "--maildir", "/m/%u"})->maildir);
}

BOOST_AUTO_TEST_CASE(every_option_may_stand_in_the_configuration_file) {
    ScratchDirectory scratch;
    const std::string file = scratch / "pipe.conf";
    std::ofstream{file} << "recipient = bob@d.test\nfilter = true\nkeyd = /k\ndeadline = 7\n"
                           "no-key = reject\nsubject = keep\nspill-directory = /s\n";
    const auto options = read({"--config", file.c_str(), "--keyd", "/other"});
    BOOST_REQUIRE(options);
    BOOST_TEST(!options->maildir);
    BOOST_TEST(options->keyd_socket == "/other");
    BOOST_TEST(options->deadline == 7);
    BOOST_TEST(options->spill_directory == "/s");
    BOOST_TEST((options->policy.no_key == Treatment::reject));
    BOOST_TEST((options->seal.headers.subject == SubjectPolicy::keep));
}

BOOST_AUTO_TEST_CASE(faults_of_the_configuration_are_refused) {
    for (const std::vector<const char*>& arguments : std::vector<std::vector<const char*>>{
             {},
             {"--recipient", "b@d.test"},
             {"--maildir", "/m/%u"},
             {"--recipient", "b@d.test", "--maildir", "relative/%u"},
             {"--recipient", "b@d.test", "--maildir", "/m/%x"},
             {"--recipient", "b@d.test", "--maildir", ""},
             {"--recipient", "b@d.test", "--filter", "--deadline", "0"},
             {"--recipient", "b@d.test", "--filter", "--deadline", "86401"},
             {"--recipient", "b@d.test", "--filter", "--deadline", "soon"},
             {"--recipient", "b@d.test", "--filter", "--no-key", "accept"},
             {"--recipient", "b@d.test", "--filter", "--config", "/nonexistent"},
             {"--recipient", "b@d.test", "--filter", "--store-id", "0123456789abcdef"},
             {"--recipient", "b@d.test", "--filter", "--store-id",
              "0123456789ABCDEF0123456789ABCDEF"},
             {"--recipient", "b@d.test", "--filter", "--fliter"},
             {"--recipient", "b@d.test", "--filter", "stray"}}) {
        const auto options = read(arguments);
        BOOST_REQUIRE(!options);
        BOOST_TEST((options.error().fate == Fate::refuse), options.error().what);
    }
}

BOOST_AUTO_TEST_CASE(whose_provenance_stays_is_said_by_sealed_by) {
    const auto hosts = [](std::vector<const char*> more) {
        std::vector<const char*> words{"--recipient", "a@d.test", "--filter", "--host", "mx.test"};
        words.insert(words.end(), more.begin(), more.end());
        const auto options = read(words);
        return options ? options->seal.sealed_by : std::vector<std::string>{options.error().what};
    };
    BOOST_REQUIRE(hosts({}).size() == 2U);
    BOOST_TEST(hosts({}).front() == "mx.test");
    BOOST_TEST(hosts({"--sealed-by", "none"}).empty());
    BOOST_TEST(hosts({"--sealed-by", "A.test, b.test"}) ==
               (std::vector<std::string>{"a.test", "b.test"}));
    for (const auto* wrong : {"a.test;b.test", "a/b", "\xC3\xA4.test"})
        BOOST_TEST(hosts({"--sealed-by", wrong}).front() ==
                   "option 'sealed-by': not a list of host names");
}

BOOST_AUTO_TEST_SUITE_END()
