#include "keyd/cli_command.hpp"

#include "base/fd.hpp"
#include "keyd/armour.hpp"
#include "keyd/certificate.hpp"
#include "keyd/encoding.hpp"
#include "keyd/packets.hpp"

#include <array>

#include <fcntl.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

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
    VerbDescription{"log", CliVerb::log, 0, 2, "log [ADDRESS | head | verify | erase ADDRESS]"},
    VerbDescription{"status", CliVerb::status, 0, 0, "status"},
};

Result<void> take_address(const std::string& word, CliCommand& command) {
    auto address = Address::parse(word);
    if (!address || !is_utf8(word))
        return refuse("not an address of the form name@domain: " + word);
    command.address = std::move(*address);
    return {};
}

Result<void> take_log_words(const std::vector<std::string>& words, CliCommand& command) {
    const bool erase = words.size() > 1 && words[1] == "erase";
    if (erase != (words.size() == 3))
        return refuse("usage: keyd-cli log [ADDRESS | head | verify | erase ADDRESS]");
    if (erase) {
        command.verb = CliVerb::log_erase;
        return take_address(words[2], command);
    }
    if (words.size() == 1) return {};
    if (words[1] == "head") {
        command.verb = CliVerb::log_head;
        return {};
    }
    if (words[1] == "verify") {
        command.verb = CliVerb::log_verify;
        return {};
    }
    return take_address(words[1], command);
}

std::string on_address(const CliCommand& command) {
    return "/v1/addresses/" + percent_encode(command.address->text());
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

Result<CliCommand> parse_command(const std::vector<std::string>& words) {
    if (words.empty())
        return refuse("a command is missing: add, list, show, remove, export, check");
    for (const auto& description : verbs) {
        if (words[0] != description.word) continue;
        const std::size_t count = words.size() - 1;
        if (count < description.least || count > description.most)
            return refuse("usage: keyd-cli " + std::string{description.usage});
        CliCommand command;
        command.verb = description.verb;
        Result<void> taken;
        if (command.verb == CliVerb::check) {
            if (count >= 1) command.file = words[1];
            if (count == 2) taken = take_address(words[2], command);
        } else if (command.verb == CliVerb::log) {
            taken = take_log_words(words, command);
        } else if (count >= 1) {
            taken = take_address(words[1], command);
            if (count == 2) command.file = words[2];
        }
        if (!taken) return taken.error();
        return command;
    }
    return refuse("unknown command: " + words[0]);
}

std::string target_of(const CliCommand& command, const CliOptions& options) {
    const std::string any = options.any_user_id ? "any_user_id=yes" : "";
    switch (command.verb) {
        case CliVerb::add:
            return on_address(command) + "/certificates" + (any.empty() ? "" : "?" + any);
        case CliVerb::check:
            if (!command.address) return "/v1/check";
            return "/v1/check?address=" + percent_encode(command.address->text()) +
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
        case CliVerb::log:
            return "/v1/log?limit=1000" +
                   (command.address ? "&address=" + percent_encode(command.address->text()) : "");
        case CliVerb::log_verify:
            return "/v1/log/verify";
        case CliVerb::log_erase:
            return "/v1/log?address=" + percent_encode(command.address->text());
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
