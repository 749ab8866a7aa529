#include "keyd/cli_output.hpp"

#include "keyd/encoding.hpp"
#include "keyd/json_fields.hpp"

#include <ctime>

namespace maildircrypt {
namespace {

using nlohmann::json;

std::string expiry_text(std::int64_t expires) {
    return expires == 0 ? "never expires" : "expires " + date_text(expires);
}

CliText checked(const JsonFields& fields, std::string text) {
    return {fields.ok(), std::move(text)};
}

/// What an owner has to know: who else can read the mail.
std::string recovery_line(const json& reply) {
    const auto found = reply.find("recovery");
    if (found == reply.end() || !found->is_object()) return "";
    JsonFields recovery{*found};
    return "its mail is also sealed to the recovery key " +
           printable(recovery.text("fingerprint")) + " of " + printable(recovery.text("domain")) +
           ", which the administrator has set\n";
}

std::string names_in(const json& list) {
    std::string text;
    for (const auto& name : list)
        text +=
            (text.empty() ? "" : " ") + printable(name.is_string() ? name.get<std::string>() : "");
    return text;
}

CliText describe_added(const json& reply) {
    JsonFields fields{reply};
    const std::string text =
        printable(fields.text("address")) + ": " + printable(fields.text("fingerprint")) + ", " +
        expiry_text(fields.natural("expires")) + ", " + printable(fields.text("state")) + "\n";
    return checked(fields, text + recovery_line(reply));
}

CliText describe_alias(const json& reply) {
    JsonFields fields{reply};
    const std::string text = printable(fields.text("address")) + ": alias of " +
                             names_in(fields.list("targets")) + ", " +
                             printable(fields.text("state")) + "\n";
    return checked(fields, text + recovery_line(reply));
}

CliText describe_aliases(const json& reply) {
    JsonFields fields{reply};
    std::string text;
    for (const auto& entry : fields.list("aliases")) {
        JsonFields alias{entry};
        text += printable(alias.text("address")) + "\t" + printable(alias.text("state")) + "\t" +
                names_in(alias.list("targets")) + "\n";
        if (!alias.ok()) fields.fail();
    }
    return checked(fields, text);
}

CliText describe_lost(const json& reply) {
    JsonFields fields{reply};
    const std::string lost = names_in(fields.list("lost"));
    const std::string state = fields.text("state");
    std::string text = printable(fields.text("address")) + ": " +
                       (lost.empty() ? "nothing new is lost" : "no longer sealed to " + lost) +
                       ", now " + printable(state) + "\n";
    if (state == "tombstone")
        text +=
            "no key is left; its mail is deferred until a key is added or an administrator "
            "releases the address\n";
    return checked(fields, text);
}

std::string recovery_text(const json& reply, JsonFields& parent) {
    JsonFields fields{reply};
    std::string text = printable(fields.text("domain")) + ": recovery key " +
                       printable(fields.text("fingerprint")) + ", " +
                       expiry_text(fields.natural("expires")) + ", " +
                       printable(fields.text("state")) + "\n";
    for (const auto& user_id : fields.list("user_ids"))
        text += "  " + printable(user_id.is_string() ? user_id.get<std::string>() : "") + "\n";
    if (!fields.ok()) parent.fail();
    return text;
}

CliText describe_recovery(const json& reply) {
    JsonFields fields{reply};
    const std::string text = recovery_text(reply, fields);
    return checked(fields, text);
}

CliText describe_recovery_list(const json& reply) {
    JsonFields fields{reply};
    std::string text;
    for (const auto& entry : fields.list("recovery")) text += recovery_text(entry, fields);
    return checked(fields, text);
}

CliText describe_recovery_removed(const json& reply) {
    JsonFields fields{reply};
    return checked(fields, printable(fields.text("domain")) +
                               ": its mail is no longer sealed to a recovery key\n");
}

CliText describe_checked(const json& reply) {
    JsonFields fields{reply};
    std::string text = "acceptable: " + printable(fields.text("fingerprint")) + ", " +
                       expiry_text(fields.natural("expires")) + "\n";
    for (const auto& user_id : fields.list("user_ids"))
        text += "  " + printable(user_id.is_string() ? user_id.get<std::string>() : "") + "\n";
    return checked(fields, text);
}

CliText describe_list(const json& reply) {
    JsonFields fields{reply};
    std::string text;
    for (const auto& entry : fields.list("addresses")) {
        JsonFields address{entry};
        text += printable(address.text("address")) + "\t" + printable(address.text("state"));
        text += "\t";
        text += entry.contains("targets") ? "alias of " + names_in(address.list("targets"))
                                          : expiry_text(address.natural("expires"));
        text += "\n";
        if (!address.ok()) fields.fail();
    }
    return checked(fields, text);
}

std::string describe_keys(JsonFields& certificate) {
    std::string text;
    for (const auto& entry : certificate.list("encryption_keys")) {
        JsonFields key{entry};
        text += "  encryption key " + printable(key.text("fingerprint"));
        text += ", created " + date_text(key.natural("created"));
        text += ", " + expiry_text(key.natural("expires"));
        text += key.flag("revoked") ? ", revoked\n" : "\n";
        if (!key.ok()) certificate.fail();
    }
    return text;
}

CliText describe_address(const json& reply) {
    JsonFields fields{reply};
    std::string text = printable(fields.text("address")) + ": " + printable(fields.text("state"));
    text += "\n";
    if (fields.text("by") != fields.text("address"))
        text += "by the keys of " + printable(fields.text("by")) + "\n";
    if (const json& targets = fields.list("targets"); !targets.empty())
        text += "alias of " + names_in(targets) + "\n";
    if (const json& lost = fields.list("lost"); !lost.empty())
        text += "lost keys: " + names_in(lost) + "\n";
    for (const auto& entry : fields.list("certificates")) {
        JsonFields certificate{entry};
        text += "certificate " + printable(certificate.text("fingerprint"));
        text += ", created " + date_text(certificate.natural("created"));
        text += ", " + expiry_text(certificate.natural("expires"));
        text += certificate.flag("revoked") ? ", revoked\n" : "\n";
        for (const auto& user_id : certificate.list("user_ids"))
            text += "  " + printable(user_id.is_string() ? user_id.get<std::string>() : "") + "\n";
        text += describe_keys(certificate);
        if (!certificate.ok()) fields.fail();
    }
    text += "mail is sealed to: " + printable(fields.text("sealed_to")) + "\n";
    return checked(fields, text + recovery_line(reply));
}

CliText describe_removed(const json& reply) {
    JsonFields fields{reply};
    const std::string address = printable(fields.text("address"));
    const std::string state = fields.text("state");
    if (state == "no-key")
        return checked(fields, address +
                                   ": released, its mail passes like that of an address "
                                   "without a key\n");
    if (state == "tombstone")
        return checked(fields, address +
                                   ": no key is left; its mail is deferred until a key is "
                                   "added or an administrator releases the address\n");
    return checked(fields, address + ": removed, now " + printable(state) + "\n");
}

CliText describe_log(const json& reply) {
    JsonFields fields{reply};
    std::string text;
    for (const auto& entry : fields.list("changes")) {
        JsonFields change{entry};
        text += std::to_string(change.natural("sequence")) + "\t";
        text += date_text(change.natural("time")) + "\t" + printable(change.text("channel"));
        text += "\t" + printable(change.text("action")) + "\t";
        const bool open = entry.contains("address") && entry["address"].is_string();
        text += open ? printable(change.text("address")) + "\t" + printable(change.text("keys"))
                     : "(erased)\t";
        text += "\n";
        if (!change.ok()) fields.fail();
    }
    return checked(fields, text);
}

CliText describe_status(const json& reply) {
    JsonFields fields{reply};
    JsonFields store{fields.object("store")};
    JsonFields log{fields.object("log")};
    const std::string text = "keyd " + printable(fields.text("version")) + " answers; store " +
                             printable(store.text("id")) + ", revision " +
                             std::to_string(store.natural("revision")) + "; key log " +
                             std::to_string(log.natural("sequence")) + " " +
                             printable(log.text("head")) + "\n";
    return {fields.ok() && store.ok() && log.ok(), text};
}

CliText describe_head(const json& reply) {
    JsonFields log{reply};
    const std::string text =
        std::to_string(log.natural("sequence")) + ":" + printable(log.text("head")) + "\n";
    return checked(log, text);
}

CliText describe_erased(const json& reply) {
    JsonFields fields{reply};
    const std::string text = "erased from " + std::to_string(fields.natural("erased")) +
                             " rows whom they are about; the chain stays whole\n";
    return checked(fields, text);
}

CliText describe_verified(const json& reply) {
    JsonFields fields{reply};
    const std::string text = "the key log is whole: " + std::to_string(fields.natural("sequence")) +
                             " changes, head " + printable(fields.text("head")) + "\n";
    return checked(fields, text);
}

CliText armour_of(const json& reply) {
    JsonFields fields{reply};
    const std::string text = fields.text("certificates");
    return checked(fields, text);
}

}  // namespace

CliText describe_reply(const CliCommand& command, const json& reply) {
    switch (command.verb) {
        case CliVerb::add:
            return describe_added(reply);
        case CliVerb::check:
            return describe_checked(reply);
        case CliVerb::list:
        case CliVerb::expiring:
            return describe_list(reply);
        case CliVerb::show:
            return describe_address(reply);
        case CliVerb::remove:
        case CliVerb::alias_remove:
            return describe_removed(reply);
        case CliVerb::lost_key:
            return describe_lost(reply);
        case CliVerb::alias:
            return describe_alias(reply);
        case CliVerb::alias_list:
            return describe_aliases(reply);
        case CliVerb::recovery_set:
        case CliVerb::recovery_show:
            return describe_recovery(reply);
        case CliVerb::recovery_list:
            return describe_recovery_list(reply);
        case CliVerb::recovery_remove:
            return describe_recovery_removed(reply);
        case CliVerb::export_key:
            return armour_of(reply);
        case CliVerb::log:
            return describe_log(reply);
        case CliVerb::log_head:
            return describe_head(reply);
        case CliVerb::log_verify:
            return describe_verified(reply);
        case CliVerb::log_erase:
            return describe_erased(reply);
        case CliVerb::status:
            return describe_status(reply);
    }
    return {false, {}};
}

std::string date_text(std::int64_t seconds) {
    if (seconds == 0) return "never";
    const std::time_t time = seconds;
    std::tm utc{};
    char text[32];
    if (gmtime_r(&time, &utc) == nullptr) return "far away";
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &utc)};
}

std::string printable(std::string_view text) {
    if (!is_utf8(text)) return "(not UTF-8)";
    std::string shown;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto octet = static_cast<unsigned char>(text[i]);
        // C1 controls, U+0080 to U+009F, are C2 80 to C2 9F in UTF-8.
        const bool c1 =
            octet == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (c1) ++i;
        shown += octet < 0x20 || octet == 0x7f || c1 ? '?' : text[i];
    }
    return shown;
}

}  // namespace maildircrypt
