#include "pipe/lmtp_limits.hpp"
#include "pipe/lmtp_settings.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <unistd.h>

namespace maildircrypt::lmtp {
namespace {

Result<Settings> read(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "maildircrypt-lmtp");
    const auto parsed =
        parse_options(lmtp_program(), static_cast<int>(arguments.size()), arguments.data());
    if (!parsed) return parsed.error();
    return read_settings(**parsed);
}

std::string error_of(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), {"--next", "maildir:/var/vmail/%u"});
    const auto settings = read(arguments);
    return settings ? "" : settings.error().what;
}

/// A copy of the sample with every option that it shows switched on, but for those shown empty.
class WholeSample {
public:
    WholeSample() : path_("/tmp/mdc-lmtp-sample-" + std::to_string(::getpid())) {
        std::ifstream sample{"etc/lmtp.conf"};
        BOOST_REQUIRE_MESSAGE(sample.good(), "run from the project's root");
        std::ofstream copy{path_};
        for (std::string line; std::getline(sample, line);) {
            const bool is_next = line.starts_with("next");
            if (shows_option(line))
                copy << line.substr(2) << '\n';
            else if (!is_next)
                copy << line << '\n';
        }
    }
    ~WholeSample() { std::filesystem::remove(path_); }
    WholeSample(const WholeSample&) = delete;
    WholeSample& operator=(const WholeSample&) = delete;
    const std::string& path() const { return path_; }

private:
    /// "# option = value"
    static bool shows_option(const std::string& line) {
        const auto name_end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", 2);
        return line.starts_with("# ") && name_end != std::string::npos && name_end > 2 &&
               line.substr(name_end).starts_with(" = ") &&
               line.find_first_not_of(' ', name_end + 3) != std::string::npos;
    }

    std::string path_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lmtp_settings)

BOOST_AUTO_TEST_CASE(the_sample_configuration_is_one) {
    const auto shipped = read({"--config", "etc/lmtp.conf"});
    BOOST_REQUIRE_MESSAGE(bool(shipped), (shipped ? "" : shipped.error().what));
    BOOST_TEST(std::get<Endpoint>(shipped->next).path == "/run/dovecot/lmtp");
}

BOOST_AUTO_TEST_CASE(what_the_sample_shows_is_the_default) {
    const WholeSample sample;
    const auto shown = read({"--config", sample.path().c_str()});
    BOOST_REQUIRE_MESSAGE(bool(shown), (shown ? "" : shown.error().what));
    const auto silent = read({"--next", "maildir:/var/vmail/%d/%u"});
    BOOST_REQUIRE(bool(silent));
    BOOST_TEST(shown->names.delimiter == "+");  // the two that are examples
    BOOST_TEST(shown->names.domain == "example.org");
    BOOST_TEST(shown->listen->path == "/run/maildircrypt-lmtp/lmtp.sock");
    BOOST_TEST(shown->socket_mode == silent->socket_mode);
    BOOST_TEST(shown->keyd_socket == silent->keyd_socket);
    BOOST_TEST(shown->server.connections == silent->server.connections);
    BOOST_TEST(shown->server.size_limit == silent->server.size_limit);
    BOOST_TEST(shown->server.idle_time.count() == silent->server.idle_time.count());
    BOOST_TEST(shown->next_timeout.count() == silent->next_timeout.count());
    BOOST_TEST(shown->spill_memory == silent->spill_memory);
    BOOST_TEST(shown->spill_directory == silent->spill_directory);
    BOOST_TEST((shown->policy.no_key == silent->policy.no_key));
    BOOST_TEST((shown->policy.expired == silent->policy.expired));
    BOOST_TEST((shown->policy.revoked == silent->policy.revoked));
    BOOST_TEST((shown->log_target == silent->log_target));
}

BOOST_AUTO_TEST_CASE(numbers_are_taken_up_to_their_limits) {
    BOOST_TEST(error_of({"--connections", "1"}) == "");
    BOOST_TEST(error_of({"--store-id", "0123456789abcdef0123456789abcdef"}) == "");
    BOOST_TEST(error_of({"--store-id", "0123456789abcdef0123456789abcdeg"}).find("store-id") !=
               std::string::npos);
    BOOST_TEST(error_of({"--connections", "10000"}) == "");
    BOOST_TEST(error_of({"--idle-time", "86400"}) == "");
    BOOST_TEST(error_of({"--size-limit", "0"}) == "");
    BOOST_TEST(error_of({"--socket-mode", "0777"}) == "");
    BOOST_TEST(error_of({"--mailbox-domain", "a b"}).find("mailbox-domain") != std::string::npos);
    for (const auto& [name, value] : std::vector<std::pair<const char*, const char*>>{
             {"--connections", "0"},
             {"--connections", "10001"},
             {"--connections", "x"},
             {"--connections", ""},
             {"--idle-time", "0"},
             {"--idle-time", "86401"},
             {"--next-timeout", "-1"},
             {"--size-limit", "1M"},
             {"--socket-mode", "0800"},
             {"--socket-mode", "1000"},
             {"--spill-memory", "18446744073709551616"}})
        BOOST_TEST(error_of({name, value}).starts_with("option '" + std::string{name + 2} + "'"),
                   name << ' ' << value);
}

BOOST_AUTO_TEST_CASE(delivery_is_answered_before_postfix_gives_up) {
    constexpr std::chrono::seconds lmtp_data_done_timeout{600};  // postconf(5)
    BOOST_TEST((delivery_deadline < lmtp_data_done_timeout));
    BOOST_TEST((default_next_timeout + connect_timeout < delivery_deadline));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maildircrypt::lmtp
