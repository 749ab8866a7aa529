#include "pipe/worker_options.hpp"

#include "keyd/client.hpp"
#include "pipe/control.hpp"
#include "pipe/mailbox_options.hpp"
#include "seal/policy_options.hpp"

#include <string_view>
#include <utility>

namespace maildircrypt {
namespace {

namespace po = boost::program_options;

constexpr char default_spill_directory[] = "/var/tmp";

std::string text(const po::variables_map& values, const char* name) {
    return values.count(name) != 0 ? values[name].as<std::string>() : std::string{};
}

/// The option's value, else the environment's, else nothing.
std::string text_or(const po::variables_map& values, const char* name, Environment environment,
                    const char* variable) {
    std::string value = text(values, name);
    if (!value.empty()) return value;
    const char* inherited = environment(variable);
    return inherited != nullptr ? inherited : "";
}

std::string read_recipient(const po::variables_map& values, Environment environment) {
    std::string recipient = text_or(values, "recipient", environment, "RECIPIENT");
    if (!recipient.empty()) return recipient;
    const char* local = environment("LOCAL_PART");
    const char* domain = environment("DOMAIN");
    if (local == nullptr || domain == nullptr) return recipient;
    return std::string{local} + '@' + domain;
}

}  // namespace

ProgramDescription describe_pipe() {
    ProgramDescription program;
    program.name = "maildircrypt-pipe";
    program.usage =
        "maildircrypt-pipe [--recipient ADDRESS] --maildir TEMPLATE [OPTION]... < MESSAGE\n"
        "       maildircrypt-pipe [--recipient ADDRESS] --filter [OPTION]... < MESSAGE > SEALED";
    program.summary =
        "Seals one message to its recipient's key and delivers it to a Maildir, for Postfix's\n"
        "pipe(8) and Exim's pipe transport. Ends with 0 (delivered), 75 (try again later) or 77\n"
        "(rejected by policy).";
    const auto text_value = [](const char* name) {
        return po::value<std::string>()->value_name(name);
    };
    program.options.add_options()("recipient", text_value("ADDRESS"),
                                  "envelope recipient (default: Exim's environment)")(
        "sender", text_value("ADDRESS"), "envelope sender, for the log")(
        "queue-id", text_value("ID"), "the MTA's name of the message, for the log")(
        "maildir", text_value("TEMPLATE"),
        "deliver to this Maildir; %u local part, %d domain, %a address, %% percent")(
        "filter", po::bool_switch(), "write the sealed message to standard output instead")(
        "keyd", text_value("PATH")->default_value(default_keyd_socket), "keyd's socket")(
        "store-id", text_value("ID"),
        "defer when another key store answers; `keyd init` prints the id")(
        "deadline", po::value<int>()->value_name("SECONDS")->default_value(default_deadline),
        "defer a delivery that takes longer")(
        "spill-directory", text_value("PATH")->default_value(default_spill_directory),
        "for unlinked files that hold ciphertext beyond 2 MiB");
    add_mailbox_options(program.options);
    add_policy_options(program.options);
    add_seal_options(program.options);
    add_guard_options(program.options);
    return program;
}

Result<PipeOptions> read_pipe_options(const po::variables_map& values, Environment environment) {
    PipeOptions options;
    options.recipient = read_recipient(values, environment);
    if (options.recipient.empty()) return refuse("no recipient: neither --recipient nor RECIPIENT");
    options.sender = text_or(values, "sender", environment, "SENDER");
    options.queue_id = text_or(values, "queue-id", environment, "MESSAGE_ID");
    auto names = read_mailbox_names(values);
    if (!names) return names.error();
    options.names = std::move(*names);
    options.keyd_socket = text(values, "keyd");
    options.store_id = text(values, "store-id");
    if (!options.store_id.empty() && !is_store_id(options.store_id))
        return refuse("option 'store-id': not 32 hexadecimal digits in lower case");
    options.spill_directory = text(values, "spill-directory");
    options.deadline = values["deadline"].as<int>();
    if (options.deadline < 1 || options.deadline > max_deadline)
        return refuse("option 'deadline': not from 1 to 86400 seconds");
    if (!values["filter"].as<bool>()) {
        const std::string pattern = text(values, "maildir");
        if (pattern.empty()) return refuse("neither --maildir nor --filter");
        auto maildir = MaildirTemplate::parse(pattern);
        if (!maildir) return maildir.error();
        options.maildir = std::move(*maildir);
    }
    auto policy = read_policy(values);
    if (!policy) return policy.error();
    options.policy = std::move(*policy);
    auto seal = read_seal_options(values);
    if (!seal) return seal.error();
    if (auto guard = read_guard_options(values, *seal); !guard) return guard.error();
    options.seal = std::move(*seal);
    options.seal.line_end = LineEnd::lf;
    return options;
}

}  // namespace maildircrypt
