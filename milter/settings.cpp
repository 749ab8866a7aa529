#include "milter/settings.hpp"

#include "keyd/client.hpp"
#include "seal/policy_options.hpp"

#include <cerrno>
#include <charconv>
#include <string_view>

namespace maildircrypt {
namespace {

namespace po = boost::program_options;

constexpr std::size_t default_size_limit = 10'240'000;  // Postfix's message_size_limit
constexpr std::size_t default_max_messages = 500;
constexpr std::size_t default_max_octets = 2'000'000'000;
constexpr std::size_t default_spill_memory = 32 * 1024 * 1024;

auto text_option(const char* placeholder, const char* fallback) {
    return po::value<std::string>()->value_name(placeholder)->default_value(fallback);
}

auto number_option(const char* placeholder, std::size_t fallback) {
    return po::value<std::string>()
        ->value_name(placeholder)
        ->default_value(std::to_string(fallback));
}

/// Whole digits in `base`; the Boost reading of numbers takes "-1" for a large one.
Result<std::size_t> read_number(const po::variables_map& values, const std::string& name,
                                int base = 10) {
    const auto& text = values[name].as<std::string>();
    std::size_t number = 0;
    const auto end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, base);
    if (error != std::errc{} || stop != end)
        return refuse("option '" + name + "': '" + text + "' is not a number");
    return number;
}

Result<std::size_t> read_positive(const po::variables_map& values, const std::string& name) {
    auto number = read_number(values, name);
    if (number && *number == 0) return refuse("option '" + name + "': must not be 0");
    return number;
}

Result<bool> read_choice(const po::variables_map& values, const std::string& name,
                         std::string_view if_true, std::string_view if_false) {
    const auto& text = values[name].as<std::string>();
    if (text == if_true) return true;
    if (text == if_false) return false;
    return refuse("option '" + name + "': '" + text + "' is none of " + std::string{if_true} +
                  ", " + std::string{if_false});
}

Result<std::string> read_socket(const po::variables_map& values) {
    if (values.count("socket") == 0) return refuse("option 'socket' is missing");
    const auto& text = values["socket"].as<std::string>();
    if (!text.starts_with("unix:/"))
        return refuse("option 'socket': '" + text + "' is not unix:/PATH");
    return text.substr(text.find('/'));
}

Result<EnvelopePolicy> read_envelope_policy(const po::variables_map& values) {
    const auto guard = read_choice(values, "guard", "yes", "no");
    if (!guard) return guard.error();
    const bool chosen = values.count("mixed-recipients") != 0;
    const auto separate = chosen ? read_choice(values, "mixed-recipients", "separate", "guard")
                                 : Result<bool>{!*guard};
    if (!separate) return separate.error();
    if (!*guard && !*separate)
        return refuse("option 'mixed-recipients': there is no guard to leave them to (guard = no)");
    const auto one = read_choice(values, "one-recipient", "yes", "no");
    if (!one) return one.error();
    return EnvelopePolicy{*guard, *separate, *one};
}

Result<MilterPolicy> read_milter_policy(const po::variables_map& values) {
    auto keys = read_policy(values);
    if (!keys) return keys.error();
    const auto envelope = read_envelope_policy(values);
    if (!envelope) return envelope.error();
    auto networks = Networks::parse(values["own-networks"].as<std::string>());
    if (!networks) return refuse("option 'own-networks': " + networks.error().what);
    const auto size_limit = read_number(values, "size-limit");
    if (!size_limit) return size_limit.error();
    auto origin = values["origin"].as<std::string>();
    if (!origin.empty() && !Address::parse("postmaster@" + origin))
        return refuse("option 'origin': '" + origin + "' is not a domain");
    return MilterPolicy{std::move(*keys), *envelope, std::move(*networks), std::move(origin),
                        *size_limit};
}

Result<void> read_limits(const po::variables_map& values, MilterSettings& settings) {
    const auto messages = read_positive(values, "max-messages");
    if (!messages) return messages.error();
    const auto octets = read_positive(values, "max-octets");
    if (!octets) return octets.error();
    const auto memory = read_number(values, "spill-memory");
    if (!memory) return memory.error();
    settings.max_messages = *messages;
    settings.max_octets = *octets;
    settings.spill_memory = *memory;
    settings.spill_directory = values["spill-directory"].as<std::string>();
    return {};
}

Result<mode_t> read_mode(const po::variables_map& values) {
    constexpr std::size_t all_modes = 0777;
    const auto mode = read_number(values, "socket-mode", 8);
    if (!mode || *mode > all_modes)
        return refuse("option 'socket-mode': not an octal number up to 777");
    return static_cast<mode_t>(*mode);
}

}  // namespace

ProgramDescription milter_program() {
    ProgramDescription program;
    program.name = "maildircrypt-milter";
    program.usage =
        "maildircrypt-milter --config FILE\n"
        "       maildircrypt-milter --socket unix:PATH --keyd PATH [OPTION...]";
    program.summary =
        "Seals mail to its recipient's OpenPGP key while Postfix or Sendmail takes "
        "it in.";
    auto& options = program.options;
    options.add_options()("socket", po::value<std::string>()->value_name("unix:PATH"),
                          "where the MTA finds this milter")(
        "socket-mode", text_option("MODE", "660"), "of the socket, octal")(
        "keyd", text_option("PATH", default_keyd_socket), "keyd's socket")(
        "store-id", text_option("ID", ""),
        "of the key store, as `keyd init` printed it; mail waits when another one answers")(
        "guard", text_option("yes|no", "no"),
        "whether final delivery seals too (maildircrypt-lmtp, maildircrypt-pipe)")(
        "mixed-recipients", po::value<std::string>()->value_name("guard|separate"),
        "recipients with and without keys in one transaction (default: by --guard)")(
        "one-recipient", text_option("yes|no", "no"),
        "ask for one transaction for each recipient with a key")(
        "own-networks", text_option("LIST", "127.0.0.0/8, ::1"),
        "clients that are not asked to come back")(
        "origin", text_option("DOMAIN", ""),
        "what the MTA appends to a recipient without domain (default: refuse those)")(
        "size-limit", number_option("OCTETS", default_size_limit),
        "the MTA's limit for a message, sealed; 0 is any")(
        "max-messages", number_option("N", default_max_messages), "messages in flight")(
        "max-octets", number_option("OCTETS", default_max_octets),
        "of all sealed messages in flight, in memory and spilled")(
        "spill-memory", number_option("OCTETS", default_spill_memory),
        "of sealed messages in flight that stay in memory")(
        "spill-directory", text_option("PATH", "/var/tmp"),
        "for unlinked files with the rest (ciphertext)")(
        "log", text_option("stderr|syslog", "stderr"), "where log lines go");
    add_policy_options(options);
    add_seal_options(options);
    return program;
}

Result<MilterSettings> read_settings(const po::variables_map& values) {
    MilterSettings settings;
    auto socket = read_socket(values);
    if (!socket) return socket.error();
    const auto mode = read_mode(values);
    if (!mode) return mode.error();
    auto policy = read_milter_policy(values);
    if (!policy) return policy.error();
    auto seal = read_seal_options(values);
    if (!seal) return seal.error();
    if (auto limits = read_limits(values, settings); !limits) return limits.error();
    const auto syslog = read_choice(values, "log", "syslog", "stderr");
    if (!syslog) return syslog.error();
    settings.socket_path = std::move(*socket);
    settings.socket_mode = *mode;
    settings.keyd_socket = values["keyd"].as<std::string>();
    settings.store_id = values["store-id"].as<std::string>();
    if (!settings.store_id.empty() && !is_store_id(settings.store_id))
        return refuse("option 'store-id': not 32 hexadecimal digits in lower case");
    settings.policy = std::move(*policy);
    settings.seal = std::move(*seal);
    settings.seal.line_end = LineEnd::crlf;
    settings.seal.keep_original = false;
    settings.seal.encryption.never_shorter = true;
    settings.log_target = *syslog ? Log::Target::syslog : Log::Target::standard_error;
    return settings;
}

}  // namespace maildircrypt
