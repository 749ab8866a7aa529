/// keyd-cli: adds, shows and removes the keys of mail addresses (keyd-cli.1).
#include "base/options.hpp"
#include "base/process.hpp"
#include "keyd/cli_backup.hpp"
#include "keyd/cli_command.hpp"
#include "keyd/cli_import.hpp"
#include "keyd/cli_output.hpp"
#include "keyd/client.hpp"
#include "keyd/encoding.hpp"
#include "keyd/http_client.hpp"
#include "keyd/json_fields.hpp"
#include "keyd/keyd_call.hpp"

#include <chrono>
#include <ctime>
#include <exception>
#include <iostream>
#include <optional>
#include <thread>

#include <sysexits.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

namespace po = boost::program_options;
using nlohmann::json;

constexpr std::size_t max_reply = 8 * 1024 * 1024;  // octets
constexpr std::chrono::seconds patience{60};        // for one request
constexpr int busy_attempts = 10;
constexpr std::chrono::seconds busy_pause{1};
constexpr std::int64_t seconds_a_day = 86'400;

ProgramDescription describe() {
    ProgramDescription program;
    program.name = "keyd-cli";
    program.usage =
        "keyd-cli [OPTIONS] add ADDRESS [FILE]     seal ADDRESS's mail to the certificate in FILE\n"
        "       keyd-cli [OPTIONS] check [FILE [ADDRESS]] say whether it would be accepted, change "
        "nothing\n"
        "       keyd-cli [OPTIONS] show ADDRESS           its certificates and state\n"
        "       keyd-cli [OPTIONS] export ADDRESS         its certificates, armoured\n"
        "       keyd-cli [OPTIONS] remove ADDRESS         forget its keys and release it\n"
        "       keyd-cli [OPTIONS] list                   all addresses\n"
        "       keyd-cli [OPTIONS] expiring               those whose keys expire soon\n"
        "       keyd-cli [OPTIONS] lost-key ADDRESS [FINGERPRINT] seal to a lost key no longer\n"
        "       keyd-cli [OPTIONS] alias [ADDRESS TARGET... | ADDRESS --remove]\n"
        "                                                 seal ADDRESS's mail to all TARGETs' "
        "keys\n"
        "       keyd-cli [OPTIONS] recovery set DOMAIN [FILE] | show [DOMAIN] | remove DOMAIN\n"
        "                                                 the key that a domain's mail is sealed "
        "to, too\n"
        "       keyd-cli [OPTIONS] log [ADDRESS]          what was changed\n"
        "       keyd-cli [OPTIONS] log head               where the log ends, to be noted\n"
        "       keyd-cli [OPTIONS] log verify             that it is whole, and as it was noted\n"
        "       keyd-cli [OPTIONS] log erase ADDRESS      forget whom rows are about\n"
        "       keyd-cli [OPTIONS] import PATH            add all certificates of a gpg home, "
        "keyring, "
        "cert-d, WKD\n"
        "       keyd-cli [OPTIONS] backup FILE            write all keys and the log to FILE\n"
        "       keyd-cli [OPTIONS] restore FILE           bring back what is not known any more\n"
        "       keyd-cli [OPTIONS] status                 whether keyd answers";
    program.summary =
        "Manages the keys that mail is sealed to. Without FILE: standard input. ADDRESS may be "
        "@DOMAIN:\nthe keys of all addresses of the domain that have none of their own.";
    program.options.add_options()(
        "socket", po::value<std::string>()->value_name("PATH")->default_value(default_keyd_socket),
        "keyd's socket")("json", po::bool_switch(), "print keyd's reply as JSON")(
        "any-user-id", po::bool_switch(),
        "add, check: the certificate need not bear the address (administrators)")(
        "certificate", po::value<std::string>()->value_name("FINGERPRINT")->default_value(""),
        "remove: only this certificate")(
        "keep-tombstone", po::bool_switch(),
        "remove: defer the address's mail instead of letting it pass")("remove", po::bool_switch(),
                                                                       "alias: end it")(
        "within", po::value<std::int64_t>()->value_name("DAYS")->default_value(30),
        "expiring: how soon")(
        "against", po::value<std::string>()->value_name("SEQUENCE:HEAD|FILE")->default_value(""),
        "log verify: compare with what `log head` printed, or with a sealed message")(
        "dry-run", po::bool_switch(), "import, restore: look at everything and change nothing")(
        "domains", po::value<std::string>()->value_name("LIST")->default_value(""),
        "import: only addresses in these domains, separated by commas");
    program.positional_options.add_options()("words", po::value<std::vector<std::string>>());
    program.positional.add("words", -1);
    return program;
}

int complain(const std::string& message, int status) {
    std::cerr << "keyd-cli: " << printable(message) << '\n';
    return status;
}

class Cli {
public:
    Cli(std::string socket, CliCommand command, CliOptions options)
        : socket_(std::move(socket)),
          command_(std::move(command)),
          options_(std::move(options)),
          client_(socket_, max_reply) {}

    int run() {
        HttpCall call{method_of(command_.verb), target_of(command_, options_), body_of(command_)};
        if (sends_certificate(command_.verb)) {
            if (command_.file.empty() && ::isatty(STDIN_FILENO) == 1)
                std::cerr << "keyd-cli: reading the certificate from standard input\n";
            auto upload = read_certificate_file(command_.file);
            if (!upload)
                return complain(upload.error().what,
                                upload.error().fate == Fate::refuse ? EX_DATAERR : EX_NOINPUT);
            call.body = std::move(*upload);
        }
        if (!options_.against.empty()) {
            auto noted = read_noted(options_.against);
            if (!noted)
                return complain(noted.error().what,
                                noted.error().fate == Fate::refuse ? EX_DATAERR : EX_NOINPUT);
            call.target += "?sequence=" + std::to_string(noted->sequence) + "&head=" + noted->head;
        }
        return finish(call);
    }

private:
    /// Shows the reply; of a list, page after page.
    int finish(HttpCall call) {
        const std::string first_page = call.target;
        json whole;
        for (;;) {
            json page;
            if (const int status = ask(call, page); status != EX_OK) return status;
            merge(whole, page);
            const bool more = page.contains("next") && !page["next"].is_null();
            if (!more) break;
            const std::string after =
                page["next"].is_string() ? page["next"].get<std::string>() : page["next"].dump();
            call.target = first_page + "&after=" + percent_encode(after);
        }
        if (command_.verb == CliVerb::expiring) keep_expiring(whole);
        if (command_.verb == CliVerb::log_head) whole = whole.value("log", json::object());
        if (options_.json) return print(whole.dump() + "\n");
        const CliText shown = describe_reply(command_, whole);
        if (!shown.ok) return complain("keyd's reply is not understood", EX_PROTOCOL);
        return print(shown.text);
    }

    int ask(const HttpCall& call, json& page) {
        for (int attempt = 1;; ++attempt) {
            auto reply = client_.call(call, std::chrono::steady_clock::now() + patience);
            if (!reply)
                return complain(
                    reply.error().what + ". Is keyd running, and is its socket " + socket_ + "?",
                    EX_UNAVAILABLE);
            page = json::parse(reply->body, nullptr, false);
            if (!page.is_object()) return complain("the reply is not keyd's", EX_PROTOCOL);
            if (reply->status == 200 || reply->status == 201) return EX_OK;
            JsonFields fields{page};
            JsonFields error{fields.object("error")};
            const bool busy = error.text("code") == "busy";
            if (busy && attempt < busy_attempts) {
                std::this_thread::sleep_for(busy_pause);
                continue;
            }
            if (options_.json) (void)print(reply->body);
            return complain(error.text("message"), exit_status_of(reply->status));
        }
    }

    static void merge(json& whole, const json& page) {
        if (whole.is_null()) {
            whole = page;
            whole.erase("next");
            return;
        }
        for (const char* name : {"addresses", "aliases", "recovery", "changes"})
            if (whole.contains(name) && page.contains(name))
                whole[name].insert(whole[name].end(), page[name].begin(), page[name].end());
    }

    void keep_expiring(json& whole) const {
        const std::int64_t limit =
            static_cast<std::int64_t>(std::time(nullptr)) + options_.within * seconds_a_day;
        json kept = json::array();
        JsonFields list{whole};
        for (const auto& entry : list.list("addresses")) {
            JsonFields fields{entry};
            const std::int64_t expires = fields.natural("expires");
            if (expires != 0 && expires <= limit) kept.push_back(entry);
        }
        whole["addresses"] = std::move(kept);
    }

    static int print(const std::string& text) {
        std::cout << text << std::flush;
        return std::cout ? EX_OK : complain("cannot write to standard output", EX_IOERR);
    }

    std::string socket_;
    CliCommand command_;
    CliOptions options_;
    HttpClient client_;
};

std::vector<std::string> split_domains(const std::string& list) {
    std::vector<std::string> domains{""};
    for (const char c : list) {
        if (c == ',')
            domains.emplace_back();
        else if (c != ' ')
            domains.back() += c;
    }
    std::erase(domains, "");
    return domains;
}

/// import, backup and restore; nothing when it is another command.
std::optional<int> run_on_file(const po::variables_map& values,
                               const std::vector<std::string>& words) {
    if (words.empty()) return std::nullopt;
    const std::string& verb = words.front();
    const bool dry_run = values["dry-run"].as<bool>();
    const ImportOptions options{dry_run, split_domains(values["domains"].as<std::string>())};
    const bool is_import = verb == "import";
    const bool ours = is_import || verb == "backup" || verb == "restore";
    if ((dry_run && !(is_import || verb == "restore")) || (!options.domains.empty() && !is_import))
        return complain("--dry-run belongs to import and restore, --domains to import", EX_USAGE);
    if (!ours) return std::nullopt;
    if (words.size() != 2)
        return complain("usage: keyd-cli " + verb + (is_import ? " PATH" : " FILE"), EX_USAGE);
    HttpClient client{values["socket"].as<std::string>(), max_keyd_reply};
    if (is_import) return import_certificates(client, words[1], options);
    return verb == "backup" ? back_up(client, words[1]) : restore_backup(client, words[1], dry_run);
}

int run(int argc, const char* const argv[]) {
    keep_memory_private();
    const auto parsed = parse_options(describe(), argc, argv);
    if (!parsed) return complain(parsed.error().what, EX_USAGE);
    if (!*parsed) return EX_OK;
    const po::variables_map& values = **parsed;
    std::vector<std::string> words;
    if (values.count("words") != 0) words = values["words"].as<std::vector<std::string>>();
    if (auto status = run_on_file(values, words)) return *status;
    CliOptions options{values["json"].as<bool>(),           values["any-user-id"].as<bool>(),
                       values["keep-tombstone"].as<bool>(), values["certificate"].as<std::string>(),
                       values["within"].as<std::int64_t>(), values["against"].as<std::string>(),
                       values["remove"].as<bool>()};
    auto command = parse_command(words, options);
    if (!command) return complain(command.error().what + " (see keyd-cli --help)", EX_USAGE);
    if (!options.against.empty() && command->verb != CliVerb::log_verify)
        return complain("--against belongs to log verify (see keyd-cli --help)", EX_USAGE);
    return Cli{values["socket"].as<std::string>(), std::move(*command), std::move(options)}.run();
}

}  // namespace
}  // namespace maildircrypt

int main(int argc, char* argv[]) try {
    return maildircrypt::run(argc, argv);
} catch (const std::exception& error) {
    std::cerr << "keyd-cli: " << error.what() << '\n';
    return EX_SOFTWARE;
}
