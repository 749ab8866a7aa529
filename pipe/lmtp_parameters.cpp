#include "pipe/lmtp_parameters.hpp"

#include "seal/ascii.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace maildircrypt::lmtp {
namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view known) { return same_name(word, known); });
}

bool is_duplicate(const std::vector<Parameter>& parameters, const Parameter& parameter) {
    return std::count_if(parameters.begin(), parameters.end(),
                         [&](const Parameter& other) { return other.name == parameter.name; }) > 1;
}

/// RFC 3461 §4.1: NEVER alone, or a list of the others.
bool is_notify(std::string_view value) {
    if (same_name(value, "NEVER")) return true;
    while (true) {
        const auto comma = std::min(value.find(','), value.size());
        if (!is_one_of(value.substr(0, comma), {"SUCCESS", "FAILURE", "DELAY"})) return false;
        if (comma == value.size()) return true;
        value.remove_prefix(comma + 1);
    }
}

/// RFC 3461 §4.2: `addr-type;xtext`. utf-8-addr (RFC 6533) is xtext's superset.
bool is_original_recipient(std::string_view value) {
    const auto semicolon = value.find(';');
    if (semicolon == value.npos || semicolon == 0) return false;
    const auto type = value.substr(0, semicolon);
    const auto address = value.substr(semicolon + 1);
    return std::all_of(type.begin(), type.end(),
                       [](char c) { return is_ascii_alphanumeric(c) || c == '-'; }) &&
           (is_xtext(address) || same_name(type, "utf-8"));
}

}  // namespace

std::optional<Reply> take_sender_parameters(Sender& sender, const Path& path, const Offer& offer) {
    const Reply malformed{501, "5.5.4", "A parameter of MAIL is malformed", {}};
    for (const auto& parameter : path.parameters) {
        const std::string& value = parameter.value;
        if (is_duplicate(path.parameters, parameter)) return malformed;
        if (parameter.name == "SIZE") {
            sender.size = parse_size(value);
            if (!sender.size) return malformed;
        } else if (parameter.name == "BODY") {
            if (!is_one_of(value, {"7BIT", "8BITMIME"}))
                return Reply{501, "5.6.1", "BODY is 7BIT or 8BITMIME", {}};
            sender.kept.push_back(parameter);
        } else if (parameter.name == "SMTPUTF8") {
            if (!value.empty()) return malformed;
            sender.smtputf8 = true;
        } else if (offer.dsn && parameter.name == "RET") {
            if (!is_one_of(value, {"FULL", "HDRS"})) return malformed;
            sender.kept.push_back(parameter);
        } else if (offer.dsn && parameter.name == "ENVID") {
            if (!is_xtext(value)) return malformed;
            sender.kept.push_back(parameter);
        } else {
            return Reply{555, "5.5.4", "A parameter of MAIL is not known", {}};
        }
    }
    if (sender.size && offer.size_limit > 0 && *sender.size > offer.size_limit)
        return Reply{552, "5.3.4", "The message is larger than the limit", {}};
    return std::nullopt;
}

std::optional<Reply> check_recipient_parameters(const Path& path, const Offer& offer) {
    for (const auto& parameter : path.parameters) {
        const bool known = offer.dsn && (parameter.name == "ORCPT" || parameter.name == "NOTIFY");
        if (!known) return Reply{555, "5.5.4", "A parameter of RCPT is not known", {}};
        const bool sound = parameter.name == "NOTIFY" ? is_notify(parameter.value)
                                                      : is_original_recipient(parameter.value);
        if (!sound || is_duplicate(path.parameters, parameter))
            return Reply{501, "5.5.4", "A parameter of RCPT is malformed", {}};
    }
    return std::nullopt;
}

std::optional<Reply> check_trace(const std::vector<Parameter>& attributes, const Offer& offer) {
    if (attributes.empty()) return Reply{501, "5.5.4", "XFORWARD is malformed", {}};
    for (const auto& attribute : attributes) {
        const bool offered = std::find(offer.xforward.begin(), offer.xforward.end(),
                                       attribute.name) != offer.xforward.end();
        if (!offered || !is_xtext(attribute.value))
            return Reply{501, "5.5.4", "XFORWARD has an attribute that was not offered", {}};
    }
    return std::nullopt;
}

}  // namespace maildircrypt::lmtp
