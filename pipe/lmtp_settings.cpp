#include "pipe/lmtp_settings.hpp"

#include "keyd/client.hpp"
#include "pipe/lmtp_limits.hpp"
#include "pipe/mailbox_options.hpp"
#include "seal/policy_options.hpp"

#include <charconv>
#include <utility>

namespace maildircrypt::lmtp {
namespace {

namespace po = boost::program_options;

constexpr std::uint64_t default_spill_memory = 16 * 1024 * 1024;
constexpr std::uint64_t max_connections = 10000;
constexpr std::uint64_t max_seconds = 24 * 60 * 60;
constexpr std::string_view maildir_prefix = "maildir:";
constexpr std::string_view lmtp_prefix = "lmtp:";

auto text_option(const char* placeholder, const std::string& fallback) {
    return po::value<std::string>()->value_name(placeholder)->default_value(fallback);
}

Result<std::uint64_t> read_number(const po::variables_map& values, const char* name,
                                  std::uint64_t least, std::uint64_t most, int base = 10) {
    const auto& text = values[name].as<std::string>();
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, base);
    if (error != std::errc{} || stop != end || number < least || number > most)
        return refuse("option '" + std::string{name} + "': '" + text + "' is no number from " +
                      std::to_string(least) + " to " + std::to_string(most));
    return number;
}

Error about(const char* option, const Error& error) {
    return refuse("option '" + std::string{option} + "': " + error.what);
}

Result<void> read_places(const po::variables_map& values, Settings& settings) {
    if (values.count("listen") != 0) {
        auto listen = parse_endpoint(values["listen"].as<std::string>());
        if (!listen) return about("listen", listen.error());
        settings.listen = std::move(*listen);
    }
    if (values.count("next") == 0) return refuse("option 'next' is missing");
    const std::string_view next = values["next"].as<std::string>();
    if (next.starts_with(maildir_prefix)) {
        auto path = MaildirTemplate::parse(next.substr(maildir_prefix.size()));
        if (!path) return about("next", path.error());
        settings.next = std::move(*path);
        return {};
    }
    if (!next.starts_with(lmtp_prefix))
        return refuse("option 'next': neither lmtp:... nor maildir:TEMPLATE");
    auto endpoint = parse_endpoint(next.substr(lmtp_prefix.size()));
    if (!endpoint) return about("next", endpoint.error());
    settings.next = std::move(*endpoint);
    return {};
}

Result<void> read_numbers(const po::variables_map& values, Settings& settings) {
    constexpr std::uint64_t any = UINT64_MAX;
    const auto mode = read_number(values, "socket-mode", 0, 0777, 8);
    if (!mode) return mode.error();
    const auto connections = read_number(values, "connections", 1, max_connections);
    if (!connections) return connections.error();
    const auto size_limit = read_number(values, "size-limit", 0, any);
    if (!size_limit) return size_limit.error();
    const auto idle = read_number(values, "idle-time", 1, max_seconds);
    if (!idle) return idle.error();
    const auto next = read_number(values, "next-timeout", 1, max_seconds);
    if (!next) return next.error();
    const auto memory = read_number(values, "spill-memory", 0, any);
    if (!memory) return memory.error();
    settings.socket_mode = static_cast<mode_t>(*mode);
    settings.server.connections = *connections;
    settings.server.size_limit = *size_limit;
    settings.server.idle_time = std::chrono::seconds{static_cast<std::int64_t>(*idle)};
    settings.next_timeout = std::chrono::seconds{static_cast<std::int64_t>(*next)};
    settings.spill_memory = *memory;
    return {};
}

}  // namespace

ProgramDescription lmtp_program() {
    ProgramDescription program;
    program.name = "maildircrypt-lmtp";
    program.usage =
        "maildircrypt-lmtp --config FILE\n"
        "       maildircrypt-lmtp --listen unix:PATH|inet:HOST:PORT\n"
        "           --next lmtp:unix:PATH|lmtp:inet:HOST:PORT|maildir:TEMPLATE [OPTION]...";
    program.summary =
        "Takes mail over LMTP, seals it to each recipient's key, and stores it in Maildirs or "
        "hands\n"
        "it on to another LMTP server. What it does not answer with 250 stays with the sender.";
    auto& options = program.options;
    options.add_options()("listen",
                          po::value<std::string>()->value_name("unix:PATH|inet:HOST:PORT"),
                          "where LMTP is served (default: sockets from systemd)")(
        "socket-mode", text_option("MODE", "660"), "of a Unix socket, octal")(
        "next", po::value<std::string>()->value_name("HOP"),
        "where sealed mail goes: lmtp:unix:PATH, lmtp:inet:HOST:PORT, or maildir:TEMPLATE with %u "
        "local part, %d domain, %a address, %% percent")(
        "keyd", text_option("PATH", default_keyd_socket), "keyd's socket")(
        "store-id", text_option("ID", ""),
        "of the key store, as `keyd init` printed it; mail waits when another one answers")(
        "connections", text_option("N", std::to_string(default_connections)),
        "served at once; more are told to come again")(
        "size-limit", text_option("OCTETS", std::to_string(default_size_limit)),
        "of a message as it comes in; 0 is none")(
        "idle-time", text_option("SECONDS", std::to_string(default_idle_time.count())),
        "that a peer may take for a command, for more content, and for our replies")(
        "next-timeout", text_option("SECONDS", std::to_string(default_next_timeout.count())),
        "that the next hop may take for an answer")(
        "spill-memory", text_option("OCTETS", std::to_string(default_spill_memory)),
        "of ciphertext that waits in memory, for all messages together")(
        "spill-directory", text_option("PATH", "/var/tmp"),
        "for unlinked files that hold ciphertext beyond that")(
        "log", text_option("stderr|syslog", "stderr"), "where log lines go");
    add_mailbox_options(options);
    add_policy_options(options);
    add_seal_options(options);
    add_guard_options(options);
    return program;
}

Result<Settings> read_settings(const po::variables_map& values) {
    Settings settings;
    auto read = read_places(values, settings);
    if (read) read = read_numbers(values, settings);
    if (!read) return read.error();
    auto policy = read_policy(values);
    if (!policy) return policy.error();
    settings.policy = std::move(*policy);
    auto seal = read_seal_options(values);
    if (!seal) return seal.error();
    if (auto guard = read_guard_options(values, *seal); !guard) return guard.error();
    settings.seal = std::move(*seal);
    settings.server.name = settings.seal.host;
    auto names = read_mailbox_names(values);
    if (!names) return names.error();
    settings.names = std::move(*names);
    settings.keyd_socket = values["keyd"].as<std::string>();
    settings.store_id = values["store-id"].as<std::string>();
    if (!settings.store_id.empty() && !is_store_id(settings.store_id))
        return refuse("option 'store-id': not 32 hexadecimal digits in lower case");
    settings.spill_directory = values["spill-directory"].as<std::string>();
    const auto& log = values["log"].as<std::string>();
    if (log != "stderr" && log != "syslog")
        return refuse("option 'log': '" + log + "' is none of stderr, syslog");
    settings.log_target = log == "syslog" ? Log::Target::syslog : Log::Target::standard_error;
    return settings;
}

}  // namespace maildircrypt::lmtp
