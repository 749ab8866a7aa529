/// keyd: the key daemon (keyd.8).
#include "base/log.hpp"
#include "base/options.hpp"
#include "base/process.hpp"
#include "keyd/daemon.hpp"
#include "keyd/store_option.hpp"

#include <exception>
#include <iostream>
#include <optional>

#include <fcntl.h>
#include <sysexits.h>

namespace maildircrypt {
namespace {

namespace po = boost::program_options;

constexpr mode_t socket_mode = 0666;  // who may do what is decided by the peer's credentials
constexpr std::size_t max_user_map = 16 * 1024 * 1024;  // octets

ProgramDescription describe() {
    ProgramDescription program;
    program.name = "keyd";
    program.usage =
        "keyd init --store STORE\n"
        "       keyd --config FILE | --socket PATH --store STORE [--socketmap PATH]\n"
        "STORE is sqlite:PATH or postgresql:CONNINFO";
    program.summary =
        "Keeps the OpenPGP certificates of mail addresses and answers what to seal to.";
    program.options.add_options()("store", po::value<std::string>()->value_name("STORE"),
                                  "where keys are kept; `keyd init` creates it")(
        "stale-answers",
        po::value<std::int64_t>()->value_name("SECONDS")->default_value(
            default_stale_answers.count()),
        "with PostgreSQL away, answer what is known for so long (0: not at all)")(
        "witness", po::value<std::string>()->value_name("FILE"),
        "remembers which store was served, and how far: an older copy is not served")(
        "socket", po::value<std::string>()->value_name("PATH"),
        "serve the API on this Unix socket")(
        "socketmap", po::value<std::string>()->value_name("PATH"),
        "serve Postfix's socketmap protocol on this Unix socket")(
        "admin-group",
        po::value<std::string>()->value_name("GROUP")->default_value("maildircrypt-admin"),
        "its members may do everything, like root")(
        "user-domains", po::value<std::string>()->value_name("LIST")->default_value(""),
        "domains, separated by commas, in which system user NAME owns NAME@DOMAIN")(
        "user-map", po::value<std::string>()->value_name("FILE"),
        "further addresses of system users: lines `NAME ADDRESS`")(
        "detail-separator", po::value<std::string>()->value_name("CHARACTERS")->default_value("+"),
        "what follows the first of these in a local part is a detail: such mail is sealed to the "
        "keys of the address without it")(
        "subkeys", po::value<std::string>()->value_name("newest|all")->default_value("newest"),
        "seal to the newest subkey of each certificate, or to every usable one")(
        "refuse-sha1", po::value<bool>()->value_name("yes|no")->default_value(false, "no"),
        "refuse certificates that only signatures over SHA-1 hold together");
    program.positional_options.add_options()("command", po::value<std::string>());
    program.positional.add("command", 1);
    return program;
}

std::vector<std::string> split_list(const std::string& text) {
    std::vector<std::string> items;
    std::string item;
    for (const char c : text + ",") {
        if (c != ',' && c != ' ' && c != '\t') {
            item += c;
        } else if (!item.empty()) {
            items.push_back(std::move(item));
            item.clear();
        }
    }
    return items;
}

/// Others would cut what is no detail, or quotes.
bool are_separators(const std::string& text) {
    return text.find_first_not_of("!#$%&'*+-/=?^_`{|}~") == text.npos;
}

Result<Ownership> read_ownership(const po::variables_map& options) {
    std::string map;
    if (options.count("user-map") != 0) {
        const auto path = options["user-map"].as<std::string>();
        auto file = open_file(path, O_RDONLY);
        if (!file) return refuse("user-map: " + file.error().what);
        auto text = read_all(file->get(), max_user_map, "read " + path);
        if (!text) return refuse("user-map: " + text.error().what);
        map = std::move(*text);
    }
    return Ownership::create(split_list(options["user-domains"].as<std::string>()), map);
}

Result<std::optional<Fd>> listen_at(const po::variables_map& options, const char* name) {
    if (options.count(name) == 0) return std::optional<Fd>{};
    auto fd = listen_unix(options[name].as<std::string>(), socket_mode);
    if (!fd) return fd.error();
    return std::optional<Fd>{std::move(*fd)};
}

/// Those that the service manager passes, the API's first; what it does not pass, our own.
Result<void> open_sockets(const po::variables_map& options, DaemonConfig& config) {
    auto inherited = inherited_sockets();
    if (inherited.size() > 2) return refuse("more than two sockets were passed");
    if (inherited.empty()) {
        auto api = listen_at(options, "socket");
        if (!api) return api.error();
        if (!*api) return refuse("--socket is missing (see keyd --help)");
        config.api = std::move(**api);
    } else {
        config.api = std::move(inherited[0]);
    }
    if (inherited.size() == 2) {
        config.socketmap = std::move(inherited[1]);
        return {};
    }
    auto socketmap = listen_at(options, "socketmap");
    if (!socketmap) return socketmap.error();
    config.socketmap = std::move(*socketmap);
    return {};
}

Result<void> check_witness(const po::variables_map& options, Store& store, DaemonConfig& config) {
    if (options.count("witness") == 0) return {};
    auto witness = Witness::open(options["witness"].as<std::string>());
    if (!witness) return witness.error();
    const auto stamp = store.stamp();
    if (!stamp) return stamp.error();
    if (auto checked = witness->check(*stamp); !checked) return checked;
    config.witness = std::move(*witness);
    return {};
}

int fail(const Log& log, const Error& error, int status) {
    log.event(LogLevel::error, "not_started", {{"reason", error.what}});
    return status;
}

int serve(const po::variables_map& options, const Log& log) {
    DaemonConfig config;
    const auto subkeys = options["subkeys"].as<std::string>();
    if (subkeys != "newest" && subkeys != "all")
        return fail(log, refuse("--subkeys is newest or all"), EX_USAGE);
    config.rules.all_subkeys = subkeys == "all";
    config.rules.detail_separators = options["detail-separator"].as<std::string>();
    if (!are_separators(config.rules.detail_separators))
        return fail(log,
                    refuse("--detail-separator: only ASCII characters that stand unquoted in "
                           "local parts, and no letters, digits or dots"),
                    EX_USAGE);
    config.refuse_sha1 = options["refuse-sha1"].as<bool>();
    auto administrators = Administrators::of_group(options["admin-group"].as<std::string>());
    if (!administrators) return fail(log, administrators.error(), EX_TEMPFAIL);
    auto ownership = read_ownership(options);
    if (!ownership) return fail(log, ownership.error(), EX_CONFIG);
    // The store comes first: whoever finds our socket finds somebody who can answer.
    const auto stale_answers = options["stale-answers"].as<std::int64_t>();
    if (stale_answers < 0 || stale_answers > most_stale_answers.count())
        return fail(log, refuse("--stale-answers is a number of seconds, at most a week"),
                    EX_USAGE);
    auto store =
        open_store(options["store"].as<std::string>(), {std::chrono::seconds{stale_answers}, &log});
    if (!store) return fail(log, store.error(), EX_UNAVAILABLE);
    if (auto checked = check_witness(options, **store, config); !checked)
        return fail(log, checked.error(), EX_UNAVAILABLE);
    if (auto opened = open_sockets(options, config); !opened)
        return fail(log, opened.error(), EX_OSERR);
    auto served = run_daemon(std::move(config), **store, *administrators, *ownership, log);
    return served ? EX_OK : fail(log, served.error(), EX_UNAVAILABLE);
}

int init(const std::string& store) {
    const auto became = become_owner(store);
    auto id = became ? init_store(store) : became.error();
    if (!id) {
        std::cerr << "keyd: " << id.error().what << '\n';
        return EX_CANTCREAT;
    }
    std::cout << *id << '\n';
    return std::cout.flush() ? EX_OK : EX_IOERR;
}

int run(int argc, const char* const argv[]) {
    keep_memory_private();
    wipe_freed_memory();  // somebody may have uploaded a secret key by mistake
    const auto parsed = parse_options(describe(), argc, argv);
    if (!parsed) {
        std::cerr << "keyd: " << parsed.error().what << '\n';
        return EX_USAGE;
    }
    if (!*parsed) return EX_OK;
    const po::variables_map& options = **parsed;
    const bool has_command = options.count("command") != 0;
    if (has_command && options["command"].as<std::string>() != "init") {
        std::cerr << "keyd: the only command is init (see keyd --help)\n";
        return EX_USAGE;
    }
    if (options.count("store") == 0) {
        std::cerr << "keyd: --store is missing (see keyd --help)\n";
        return EX_USAGE;
    }
    if (has_command) return init(options["store"].as<std::string>());
    return serve(options, Log{Log::Target::standard_error, "keyd"});
}

}  // namespace
}  // namespace maildircrypt

int main(int argc, char* argv[]) try {
    return maildircrypt::run(argc, argv);
} catch (const std::exception& error) {
    std::cerr << "keyd: " << error.what() << '\n';
    return EX_SOFTWARE;
}
