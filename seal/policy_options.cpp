#include "seal/policy_options.hpp"

#include "seal/ascii.hpp"

#include <utility>

#include <unistd.h>

namespace maildircrypt {
namespace {

namespace po = boost::program_options;

template <class Value>
using Choices = std::vector<std::pair<std::string_view, Value>>;

Choices<OuterHeaders> outer_header_choices() {
    return {{"standard", OuterHeaders::standard},
            {"minimal", OuterHeaders::minimal},
            {"all", OuterHeaders::all}};
}

Choices<SubjectPolicy> subject_choices() {
    return {{"hide", SubjectPolicy::hide}, {"keep", SubjectPolicy::keep}};
}

/// The value of the word `chosen` for option `name`, or an error that lists the choices.
template <class Value>
Result<Value> choose(const std::string& name, std::string_view chosen,
                     const Choices<Value>& choices) {
    std::string known;
    for (const auto& [word, value] : choices) {
        if (word == chosen) return value;
        known += (known.empty() ? "" : ", ") + std::string{word};
    }
    return refuse("option '" + name + "': '" + std::string{chosen} + "' is none of " + known);
}

template <class Value>
Result<Value> choose(const po::variables_map& values, const std::string& name,
                     const Choices<Value>& choices) {
    return choose<Value>(name, values[name].as<std::string>(), choices);
}

/// The domain as addresses have it: folded, without a last dot. Whatever no address can have is an
/// error and not a domain that is never met: its mail would pass in clear.
Result<std::string> read_domain(const std::string& option, const std::string& text) {
    const auto address = Address::parse("postmaster@" + text);
    if (!address) return refuse("option '" + option + "': '" + text + "' is not a domain");
    return std::string{address->domain()};
}

/// An address or a domain, as addresses have them.
Result<std::string> read_target(const std::string& option, const std::string& text) {
    if (text.find('@') == text.npos) return read_domain(option, text);
    const auto address = Address::parse(text);
    if (!address)
        return refuse("option '" + option + "': '" + text + "' is neither address nor domain");
    return address->text();
}

/// Calls `add(target, value)` for each `TARGET=VALUE` given for option `name`.
template <class Value, class Add>
Result<void> read_rules(const po::variables_map& values, const std::string& name,
                        const Choices<Value>& choices, Add add) {
    if (values.count(name) == 0) return {};
    for (const auto& rule : values[name].as<std::vector<std::string>>()) {
        const std::size_t equals = rule.rfind('=');
        if (equals == rule.npos || equals == 0)
            return refuse("option '" + name + "': '" + rule + "' is not of the form TARGET=VALUE");
        auto value = choose<Value>(name, std::string_view{rule}.substr(equals + 1), choices);
        if (!value) return value.error();
        auto target = read_target(name, rule.substr(0, equals));
        if (!target) return target.error();
        add(std::move(*target), *value);
    }
    return {};
}

Result<HeaderRules> read_header_rules(const po::variables_map& values) {
    HeaderRules rules;
    auto outer = choose<OuterHeaders>(values, "outer-headers", outer_header_choices());
    if (!outer) return outer.error();
    auto subject = choose<SubjectPolicy>(values, "subject", subject_choices());
    if (!subject) return subject.error();
    rules.general = {*outer, *subject};
    auto read = read_rules<OuterHeaders>(values, "outer-headers-for", outer_header_choices(),
                                         [&](std::string target, OuterHeaders value) {
                                             rules.add({target, value, std::nullopt});
                                         });
    if (read)
        read = read_rules<SubjectPolicy>(values, "subject-for", subject_choices(),
                                         [&](std::string target, SubjectPolicy value) {
                                             rules.add({target, std::nullopt, value});
                                         });
    if (!read) return read.error();
    return rules;
}

std::vector<std::string> split_list(std::string_view text) {
    constexpr std::string_view separators = ", \t";
    std::vector<std::string> items;
    while (!text.empty()) {
        const auto length = std::min(text.find_first_of(separators), text.size());
        if (length > 0) items.push_back(fold_ascii(text.substr(0, length)));
        text.remove_prefix(std::min(length + 1, text.size()));
    }
    return items;
}

Result<std::vector<std::string>> read_domains(const po::variables_map& values) {
    std::vector<std::string> domains;
    for (const std::string& text : split_list(values["domains"].as<std::string>())) {
        auto domain = read_domain("domains", text);
        if (!domain) return domain.error();
        domains.push_back(std::move(*domain));
    }
    return domains;
}

auto text_option(const char* placeholder, const char* fallback) {
    return po::value<std::string>()->value_name(placeholder)->default_value(fallback);
}

auto rule_option() {
    return po::value<std::vector<std::string>>()->value_name("TARGET=VALUE")->composing();
}

std::string own_host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

bool is_host_name(std::string_view host) {
    return !host.empty() && host.size() <= max_domain &&
           std::all_of(host.begin(), host.end(), [](char c) {
               return is_ascii_alphanumeric(c) || c == '.' || c == '-' || c == '_';
           });
}

}  // namespace

void add_policy_options(po::options_description& options) {
    options.add_options()("domains", text_option("LIST", ""),
                          "domains that are ours; mail for others stays untouched (default: all)")(
        "no-key", text_option("pass|defer|reject", "pass"), "mail for an address without a key")(
        "expired", text_option("seal|defer|reject|pass", "seal"),
        "mail for an address whose keys have all expired")(
        "revoked", text_option("defer|reject|pass", "defer"),
        "mail for an address whose keys are revoked or gone");
}

Result<PolicyConfig> read_policy(const po::variables_map& values) {
    const auto pass = Treatment::pass_clear;
    auto no_key = choose<Treatment>(
        values, "no-key",
        {{"pass", pass}, {"defer", Treatment::defer}, {"reject", Treatment::reject}});
    if (!no_key) return no_key.error();
    auto expired = choose<Treatment>(values, "expired",
                                     {{"seal", Treatment::seal},
                                      {"defer", Treatment::defer},
                                      {"reject", Treatment::reject},
                                      {"pass", pass}});
    if (!expired) return expired.error();
    auto revoked = choose<Treatment>(
        values, "revoked",
        {{"defer", Treatment::defer}, {"reject", Treatment::reject}, {"pass", pass}});
    if (!revoked) return revoked.error();
    auto domains = read_domains(values);
    if (!domains) return domains.error();
    return PolicyConfig{std::move(*domains), *no_key, *expired, *revoked};
}

void add_seal_options(po::options_description& options) {
    options.add_options()("outer-headers", text_option("standard|minimal|all", "standard"),
                          "which header fields stay readable outside")(
        "subject", text_option("hide|keep", "hide"), "what the outer Subject says")(
        "outer-headers-for", rule_option(), "the same for one domain or address; may be repeated")(
        "subject-for", rule_option(), "the same for one domain or address; may be repeated")(
        "padding", text_option("padme|none", "padme"), "whether sizes are hidden")(
        "compression", text_option("none|zlib", "none"),
        "whether mail is compressed before it is encrypted")(
        "seipd2", text_option("off|auto", "off"),
        "AES-256-OCB (RFC 9580) for recipients all of whose keys announce it")(
        "host", po::value<std::string>()->value_name("NAME"),
        "name of this host in the provenance field (default: the host's name)");
}

Result<SealOptions> read_seal_options(const po::variables_map& values) {
    auto rules = read_header_rules(values);
    if (!rules) return rules.error();
    auto padding =
        choose<Padding>(values, "padding", {{"padme", Padding::padme}, {"none", Padding::none}});
    if (!padding) return padding.error();
    auto compression = choose<Compression>(
        values, "compression", {{"none", Compression::none}, {"zlib", Compression::zlib}});
    if (!compression) return compression.error();
    auto seipd2 = choose<bool>(values, "seipd2", {{"off", false}, {"auto", true}});
    if (!seipd2) return seipd2.error();
    SealOptions options;
    options.headers = rules->general;
    options.rules = std::move(*rules);
    options.encryption.padding = *padding;
    options.encryption.compression = *compression;
    options.encryption.seipd2 = *seipd2;
    options.host = values.count("host") != 0 ? values["host"].as<std::string>() : own_host_name();
    if (!is_host_name(options.host)) return refuse("option 'host': not a host name");
    return options;
}

void add_guard_options(po::options_description& options) {
    options.add_options()(
        "sealed-by", po::value<std::string>()->value_name("LIST"),
        "hosts whose provenance field stays on mail that is encrypted already, "
        "or none (default: NAME of --host and the host's name, as a milter here writes)");
}

Result<void> read_guard_options(const po::variables_map& values, SealOptions& seal) {
    if (values.count("sealed-by") == 0) {
        seal.sealed_by = {seal.host, own_host_name()};
        return {};
    }
    const auto& list = values["sealed-by"].as<std::string>();
    seal.sealed_by = list == "none" ? std::vector<std::string>{} : split_list(list);
    for (const auto& host : seal.sealed_by)
        if (!is_host_name(host)) return refuse("option 'sealed-by': not a list of host names");
    return {};
}

}  // namespace maildircrypt
