#include "keyd/api_request.hpp"

#include "keyd/answer.hpp"
#include "keyd/encoding.hpp"
#include "seal/ascii.hpp"

#include <charconv>
#include <vector>

namespace maildircrypt {
namespace {

constexpr std::string_view prefix = "/v1/";

using Parsed = std::variant<ApiRequest, ApiReply>;

ApiReply bad_request(std::string_view message) {
    return error_reply(400, "bad_request", message);
}

ApiReply not_found() {
    return error_reply(404, "no_such_endpoint", "There is no such endpoint: see keyd/API.");
}

ApiReply wrong_method() {
    return error_reply(405, "wrong_method", "This endpoint has other methods: see keyd/API.");
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stop == end && number >= 0;
}

bool parse_flag(std::string_view value, bool& flag) {
    flag = value == "yes";
    return flag || value == "no";
}

bool parse_address(const std::string& text, ApiRequest& request) {
    auto address = Address::parse(text);
    if (!address || !is_utf8(text)) return false;
    request.address = std::move(*address);
    return true;
}

/// A position of the key log to compare with.
bool set_noted(const std::string& name, const std::string& value, LogPosition& noted) {
    if (name == "sequence") return parse_number(value, noted.sequence);
    noted.head = value;
    return name == "head" && is_lower_hex(value, log_head_length);
}

bool parse_name(const std::string& text, ApiRequest& request) {
    auto name = EntryName::parse(text);
    if (!name || !is_utf8(text)) return false;
    if (name->kind() == EntryKind::address && !parse_address(text, request)) {
        // Folding made it longer than addresses are: taken as the list has it.
        auto address = name->address();
        if (!address || name->text() != text || is_ascii(text)) return false;
        request.address = std::move(*address);
    }
    request.name = std::move(*name);
    return true;
}

bool is_list(Action action) {
    return action == Action::list || action == Action::list_aliases ||
           action == Action::list_recovery;
}

bool parse_limit(const std::string& value, std::size_t& limit) {
    return parse_number(value, limit) && limit >= 1 && limit <= largest_page;
}

bool parse_key(const std::string& value, ApiRequest& request) {
    request.certificate = parse_fingerprint(value);
    return request.certificate.has_value();
}

/// False when the action knows no such parameter, or not this value of it.
bool set_parameter(const std::string& name, const std::string& value, ApiRequest& request) {
    const Action action = request.action;
    const bool upload = action == Action::add || action == Action::check;
    if (name == "any_user_id" && upload) return parse_flag(value, request.any_user_id);
    if (name == "keep_tombstone" && action == Action::remove)
        return parse_flag(value, request.keep_tombstone);
    if (name == "key" && action == Action::lost_key) return parse_key(value, request);
    if (name == "address" && action == Action::check) return parse_address(value, request);
    if (name == "address" && (action == Action::log || action == Action::erase_log))
        return parse_name(value, request);
    if (action == Action::verify_log) return set_noted(name, value, request.noted);
    if (name == "state" && action == Action::report_clear) {
        const auto state = parse_key_state(value);
        request.clear_as = state.value_or(KeyState::no_key);
        return state.has_value();
    }
    if (name == "after" && (is_list(action) || action == Action::backup_entries)) {
        request.after = value;
        return is_utf8(value);
    }
    if (name == "after" && (action == Action::log || action == Action::backup_log))
        return parse_number(value, request.after_sequence);
    if (name == "limit" && (is_list(action) || action == Action::log))
        return parse_limit(value, request.limit);
    return false;
}

Parsed with_parameters(ApiRequest request, std::string_view query) {
    if (query.empty()) return request;
    for (const std::string_view pair : split(query, '&')) {
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const auto name = percent_decode(pair.substr(0, equals));
        const auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
        if (!name || !value || !set_parameter(*name, *value, request))
            return bad_request("Unknown parameter or value: " + std::string{pair});
    }
    return request;
}

Parsed without_address(std::string_view method, std::string_view name, std::string_view query) {
    const auto with = [&](std::string_view wanted, Action action) -> Parsed {
        if (method != wanted) return wrong_method();
        ApiRequest request;
        request.action = action;
        return with_parameters(std::move(request), query);
    };
    if (name == "health") return with("GET", Action::health);
    if (name == "addresses") return with("GET", Action::list);
    if (name == "aliases") return with("GET", Action::list_aliases);
    if (name == "recovery") return with("GET", Action::list_recovery);
    if (name == "check") return with("POST", Action::check);
    if (name == "backup") return with("POST", Action::begin_backup);
    if (name == "restore") return with("POST", Action::restore);
    if (name == "log" && method == "DELETE") return with("DELETE", Action::erase_log);
    if (name == "log") return with("GET", Action::log);
    return not_found();
}

/// The action for /v1/addresses/ADDRESS/...; nothing when the method is wrong.
std::optional<Action> action_on_address(std::string_view method,
                                        const std::vector<std::string_view>& parts) {
    const std::size_t depth = parts.size();
    if (depth == 2 && method == "GET") return Action::show;
    if (depth == 2 && method == "DELETE") return Action::remove;
    if (depth == 4 && method == "DELETE") return Action::remove_certificate;
    if (depth != 3) return std::nullopt;
    if (parts[2] == "alias" && method == "PUT") return Action::set_alias;
    if (parts[2] == "alias" && method == "DELETE") return Action::remove_alias;
    if (parts[2] == "lost" && method == "POST") return Action::lost_key;
    if (parts[2] == "certificates" && method == "GET") return Action::export_certificates;
    if (parts[2] == "certificates" && method == "POST") return Action::add;
    return std::nullopt;
}

bool is_endpoint(const std::vector<std::string_view>& parts) {
    if (parts.size() == 2) return true;
    const bool single = parts[2] == "alias" || parts[2] == "lost";
    return parts[2] == "certificates" ? parts.size() <= 4 : single && parts.size() == 3;
}

ApiReply not_an_address(std::string_view text) {
    return bad_request("Not an address of the form name@domain, nor @domain: " + std::string{text});
}

Parsed on_address(std::string_view method, const std::vector<std::string_view>& parts,
                  std::string_view query) {
    if (!is_endpoint(parts)) return not_found();
    const auto action = action_on_address(method, parts);
    if (!action) return wrong_method();
    ApiRequest request;
    request.action = *action;
    const auto text = percent_decode(parts[1]);
    if (!text || !parse_name(*text, request) || request.name->kind() == EntryKind::recovery)
        return not_an_address(parts[1]);
    const bool aliases = *action == Action::set_alias || *action == Action::remove_alias;
    if (aliases && request.name->kind() != EntryKind::address) return not_an_address(parts[1]);
    if (parts.size() == 4) {
        request.certificate = parse_fingerprint(parts[3]);
        if (!request.certificate)
            return bad_request("A fingerprint has 40 hexadecimal digits: " + std::string{parts[3]});
    }
    return with_parameters(std::move(request), query);
}

/// /v1/recovery/DOMAIN
Parsed on_recovery(std::string_view method, std::string_view encoded, std::string_view query) {
    ApiRequest request;
    if (method == "GET")
        request.action = Action::show_recovery;
    else if (method == "PUT")
        request.action = Action::set_recovery;
    else if (method == "DELETE")
        request.action = Action::remove_recovery;
    else
        return wrong_method();
    const auto text = percent_decode(encoded);
    if (!text || !parse_name('@' + *text, request))
        return bad_request("Not a domain: " + std::string{encoded});
    request.name = EntryName::recovery(request.name->domain());
    return with_parameters(std::move(request), query);
}

/// lookup/ADDRESS, clear/ADDRESS
Parsed with_address(Action action, std::string_view encoded, std::string_view query) {
    ApiRequest request;
    request.action = action;
    const auto text = percent_decode(encoded);
    if (!text || !parse_address(*text, request))
        return bad_request("Not an address of the form name@domain: " + std::string{encoded});
    return with_parameters(std::move(request), query);
}

/// /v1/backup/TOKEN/entries, /v1/backup/TOKEN/log
Parsed on_backup(std::string_view method, std::string_view token, std::string_view part,
                 std::string_view query) {
    ApiRequest request;
    if (part != "entries" && part != "log") return not_found();
    if (method != "GET") return wrong_method();
    request.action = part == "log" ? Action::backup_log : Action::backup_entries;
    request.token = token;
    return with_parameters(std::move(request), query);
}

/// Where Prometheus' world expects it, without version.
Parsed metrics(std::string_view method, std::string_view query) {
    if (method != "GET") return wrong_method();
    ApiRequest request;
    request.action = Action::metrics;
    return with_parameters(std::move(request), query);
}

}  // namespace

Role role_for(const ApiRequest& request) {
    const Role role = role_for(request.action);
    const bool domain = request.name && request.name->kind() != EntryKind::address;
    return role == Role::owner && domain ? Role::administrator : role;
}

Parsed parse_request(std::string_view method, std::string_view target) {
    const std::size_t mark = target.find('?');
    const std::string_view path = target.substr(0, mark);
    const std::string_view query = mark == target.npos ? "" : target.substr(mark + 1);
    if (path == "/metrics") return metrics(method, query);
    if (!path.starts_with(prefix)) return not_found();
    const auto parts = split(path.substr(prefix.size()), '/');
    if (parts.size() == 1) return without_address(method, parts[0], query);
    if (parts[0] == "lookup" && parts.size() == 2)
        return method == "GET" ? with_address(Action::lookup, parts[1], query) : wrong_method();
    if (parts[0] == "clear" && parts.size() == 2)
        return method == "POST" ? with_address(Action::report_clear, parts[1], query)
                                : wrong_method();
    if (parts[0] == "backup" && parts.size() == 3)
        return on_backup(method, parts[1], parts[2], query);
    if (parts[0] == "recovery" && parts.size() == 2) return on_recovery(method, parts[1], query);
    if (parts[0] == "addresses") return on_address(method, parts, query);
    if (parts[0] == "log" && parts.size() == 2 && parts[1] == "verify") {
        if (method != "POST") return wrong_method();
        ApiRequest request;
        request.action = Action::verify_log;
        return with_parameters(std::move(request), query);
    }
    return not_found();
}

}  // namespace maildircrypt
