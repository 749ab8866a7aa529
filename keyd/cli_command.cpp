#include "keyd/cli_command.hpp"

#include "base/fd.hpp"
#include "keyd/armour.hpp"
#include "keyd/certificate.hpp"
#include "keyd/encoding.hpp"
#include "keyd/entry_name.hpp"
#include "keyd/packets.hpp"

#include <array>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace maildircrypt {
namespace {

/// The server has limits of its own, and says which.
constexpr std::size_t max_words = 1000;

struct VerbDescription {
    std::string_view word;
    CliVerb verb;
    std::size_t least;  ///< words behind it
    std::size_t most;
    std::string_view usage;
};

constexpr std::array verbs{
    VerbDescription{"add", CliVerb::add, 1, 2, "add ADDRESS [FILE]"},
    VerbDescription{"list", CliVerb::list, 0, 0, "list"},
    VerbDescription{"show", CliVerb::show, 1, 1, "show ADDRESS"},
    VerbDescription{"remove", CliVerb::remove, 1, 1, "remove ADDRESS"},
    VerbDescription{"export", CliVerb::export_key, 1, 1, "export ADDRESS"},
    VerbDescription{"check", CliVerb::check, 0, 2, "check [FILE [ADDRESS]]"},
    VerbDescription{"expiring", CliVerb::expiring, 0, 0, "expiring [--within DAYS]"},
    VerbDescription{"lost-key", CliVerb::lost_key, 1, 2, "lost-key ADDRESS [FINGERPRINT]"},
    VerbDescription{"alias", CliVerb::alias, 0, max_words,
                    "alias [ADDRESS TARGET... | ADDRESS --remove]"},
    VerbDescription{"recovery", CliVerb::recovery_show, 1, 3,
                    "recovery set DOMAIN [FILE] | show [DOMAIN] | remove DOMAIN"},
    VerbDescription{"log", CliVerb::log, 0, 2, "log [ADDRESS | head | verify | erase ADDRESS]"},
    VerbDescription{"status", CliVerb::status, 0, 0, "status"},
};

using Words = std::vector<std::string>;

Error usage_of(const VerbDescription& description) {
    return refuse("usage: keyd-cli " + std::string{description.usage});
}

/// An address, or @domain; of the log also recovery:DOMAIN.
Result<void> take_address(const std::string& word, CliCommand& command) {
    const auto name = EntryName::parse(word);
    const bool recovery = name && name->kind() == EntryKind::recovery;
    if (!name || !is_utf8(word) || (recovery && command.verb != CliVerb::log))
        return refuse("not an address of the form name@domain, nor @domain: " + word);
    command.address = word;
    return {};
}

Result<CliCommand> parse_check(const Words& words, CliCommand command) {
    if (words.size() >= 2) command.file = words[1];
    if (words.size() < 3) return command;
    if (auto taken = take_address(words[2], command); !taken) return taken.error();
    return command;
}

Result<CliCommand> parse_alias(const Words& words, const CliOptions& options, CliCommand command,
                               const Error& usage) {
    command.verb = CliVerb::alias_list;
    if (words.size() == 1) return options.remove ? usage : Result<CliCommand>{command};
    if (options.remove != (words.size() == 2)) return usage;
    command.verb = options.remove ? CliVerb::alias_remove : CliVerb::alias;
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (!Address::parse(words[i]) || !is_utf8(words[i]))
            return refuse("not an address of the form name@domain: " + words[i]);
        if (i > 1) command.targets.push_back(words[i]);
    }
    command.address = words[1];
    return command;
}

Result<CliCommand> parse_recovery(const Words& words, CliCommand command, const Error& usage) {
    const std::string& what = words[1];
    if (what == "set" && words.size() >= 3)
        command.verb = CliVerb::recovery_set;
    else if (what == "remove" && words.size() == 3)
        command.verb = CliVerb::recovery_remove;
    else if (what == "show" && words.size() <= 3)
        command.verb = words.size() == 3 ? CliVerb::recovery_show : CliVerb::recovery_list;
    else
        return usage;
    if (words.size() >= 3) {
        if (!EntryName::parse('@' + words[2]) || !is_utf8(words[2]))
            return refuse("not a domain: " + words[2]);
        command.address = words[2];
    }
    if (words.size() == 4) command.file = words[3];
    return command;
}

Result<CliCommand> parse_on_address(const Words& words, CliCommand command) {
    if (words.size() == 1) return command;
    if (auto taken = take_address(words[1], command); !taken) return taken.error();
    if (words.size() == 3)
        (command.verb == CliVerb::lost_key ? command.key : command.file) = words[2];
    return command;
}

Result<CliCommand> parse_log(const Words& words, CliCommand command, const Error& usage) {
    const bool erase = words.size() > 1 && words[1] == "erase";
    if (erase != (words.size() == 3)) return usage;
    if (words.size() == 1) return command;
    if (words[1] == "head" || words[1] == "verify") {
        command.verb = words[1] == "head" ? CliVerb::log_head : CliVerb::log_verify;
        return command;
    }
    if (auto taken = take_address(words.back(), command); !taken) return taken.error();
    if (erase) command.verb = CliVerb::log_erase;
    return command;
}

std::string on_address(const CliCommand& command) {
    return "/v1/addresses/" + percent_encode(command.address);
}

std::string on_recovery(const CliCommand& command) {
    return "/v1/recovery/" + percent_encode(command.address);
}

/// The server checks again; this is so that nothing secret is even sent.
Result<void> check_locally(std::string_view upload) {
    const auto octets = read_upload(upload);
    if (!octets) return octets.error();
    PacketReader packets{*octets};
    for (;;) {
        auto packet = packets.next();
        if (!packet) return packet.error();
        if (!*packet) return {};
    }
}

}  // namespace

Result<CliCommand> parse_command(const Words& words, const CliOptions& options) {
    if (words.empty())
        return refuse("a command is missing: add, list, show, remove, export, check");
    for (const auto& description : verbs) {
        if (words[0] != description.word) continue;
        const std::size_t count = words.size() - 1;
        const Error usage = usage_of(description);
        if (count < description.least || count > description.most) return usage;
        CliCommand command;
        command.verb = description.verb;
        if (command.verb == CliVerb::check) return parse_check(words, command);
        if (command.verb == CliVerb::alias) return parse_alias(words, options, command, usage);
        if (command.verb == CliVerb::recovery_show) return parse_recovery(words, command, usage);
        if (command.verb == CliVerb::log) return parse_log(words, command, usage);
        return parse_on_address(words, command);
    }
    return refuse("unknown command: " + words[0]);
}

std::string method_of(CliVerb verb) {
    switch (verb) {
        case CliVerb::add:
        case CliVerb::check:
        case CliVerb::lost_key:
        case CliVerb::log_verify:
            return "POST";
        case CliVerb::alias:
        case CliVerb::recovery_set:
            return "PUT";
        case CliVerb::remove:
        case CliVerb::alias_remove:
        case CliVerb::recovery_remove:
        case CliVerb::log_erase:
            return "DELETE";
        case CliVerb::list:
        case CliVerb::show:
        case CliVerb::export_key:
        case CliVerb::expiring:
        case CliVerb::alias_list:
        case CliVerb::recovery_show:
        case CliVerb::recovery_list:
        case CliVerb::log:
        case CliVerb::log_head:
        case CliVerb::status:
            return "GET";
    }
    return "GET";
}

bool sends_certificate(CliVerb verb) {
    return verb == CliVerb::add || verb == CliVerb::check || verb == CliVerb::recovery_set;
}

std::string body_of(const CliCommand& command) {
    if (command.verb != CliVerb::alias) return "";
    return nlohmann::json{{"targets", command.targets}}.dump();
}

std::string target_of(const CliCommand& command, const CliOptions& options) {
    const std::string any = options.any_user_id ? "any_user_id=yes" : "";
    switch (command.verb) {
        case CliVerb::add:
            return on_address(command) + "/certificates" + (any.empty() ? "" : "?" + any);
        case CliVerb::check:
            if (command.address.empty()) return "/v1/check";
            return "/v1/check?address=" + percent_encode(command.address) +
                   (any.empty() ? "" : "&" + any);
        case CliVerb::show:
            return on_address(command);
        case CliVerb::export_key:
            return on_address(command) + "/certificates";
        case CliVerb::remove:
            if (!options.certificate.empty())
                return on_address(command) + "/certificates/" + percent_encode(options.certificate);
            return on_address(command) + (options.keep_tombstone ? "?keep_tombstone=yes" : "");
        case CliVerb::list:
        case CliVerb::expiring:
            return "/v1/addresses?limit=1000";
        case CliVerb::lost_key:
            return on_address(command) + "/lost" +
                   (command.key.empty() ? "" : "?key=" + percent_encode(command.key));
        case CliVerb::alias:
        case CliVerb::alias_remove:
            return on_address(command) + "/alias";
        case CliVerb::alias_list:
            return "/v1/aliases?limit=1000";
        case CliVerb::recovery_set:
        case CliVerb::recovery_show:
        case CliVerb::recovery_remove:
            return on_recovery(command);
        case CliVerb::recovery_list:
            return "/v1/recovery?limit=1000";
        case CliVerb::log:
            return "/v1/log?limit=1000" +
                   (command.address.empty() ? "" : "&address=" + percent_encode(command.address));
        case CliVerb::log_verify:
            return "/v1/log/verify";
        case CliVerb::log_erase:
            return "/v1/log?address=" + percent_encode(command.address);
        case CliVerb::log_head:
        case CliVerb::status:
            return "/v1/health";
    }
    return "";
}

Result<std::string> read_certificate_file(const std::string& file) {
    Fd opened;
    if (!file.empty() && file != "-") {
        auto fd = open_file(file, O_RDONLY);
        if (!fd) return fd.error();
        opened = std::move(*fd);
    }
    const int fd = opened ? opened.get() : STDIN_FILENO;
    auto upload = read_all(fd, max_upload, "read the certificate");
    if (!upload) return upload;
    auto checked = check_locally(*upload);
    if (!checked) {
        explicit_bzero(upload->data(), upload->size());
        return checked.error();
    }
    return upload;
}

}  // namespace maildircrypt
