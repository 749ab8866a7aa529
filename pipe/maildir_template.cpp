#include "pipe/maildir_template.hpp"

#include <algorithm>
#include <utility>

namespace maildircrypt {
namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> components;
    while (!path.empty()) {
        const std::size_t length = std::min(path.find('/'), path.size());
        if (length > 0) components.emplace_back(path.substr(0, length));
        path.remove_prefix(std::min(length + 1, path.size()));
    }
    return components;
}

/// Whether a component takes something of the address. An unknown `%` is an error.
Result<bool> has_placeholder(std::string_view component) {
    bool found = false;
    for (std::size_t i = 0; i < component.size(); ++i) {
        if (component[i] != '%') continue;
        const char code = ++i < component.size() ? component[i] : '\0';
        if (code != 'u' && code != 'd' && code != 'a' && code != '%')
            return refuse("maildir: only %u, %d, %a and %% are known");
        found = found || code != '%';
    }
    return found;
}

Result<void> check_component(std::string_view component) {
    if (component.empty() || component == "." || component == "..")
        return refuse("maildir: a component of the path is '.' or '..'");
    if (component.size() > max_component)
        return refuse("maildir: a component of the path is longer than 255 octets");
    return {};
}

struct Values {
    std::string user;
    std::string domain;
    std::string address;
};

/// The security argument: a value holds no slash, so it stays within its component, and begins with
/// no dot, so it neither makes `.` or `..` nor hides a mailbox.
Result<void> append_value(std::string& component, std::string_view value) {
    if (value.empty()) return refuse("the address leaves a part of the path empty");
    if (value.front() == '.') return refuse("the address begins with a dot");
    if (value.find('/') != value.npos) return refuse("the address has a slash");
    if (std::any_of(value.begin(), value.end(), is_control))
        return refuse("the address has a control character");
    component += value;
    return {};
}

Result<std::string> fill(std::string_view pattern, const Values& values) {
    std::string component;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            component += pattern[i];
            continue;
        }
        const char code = pattern[++i];  // parse() saw that there is one
        Result<void> appended;
        if (code == 'u') appended = append_value(component, values.user);
        if (code == 'd') appended = append_value(component, values.domain);
        if (code == 'a') appended = append_value(component, values.address);
        if (code == '%') component += '%';
        if (!appended) return appended.error();
    }
    return component;
}

}  // namespace

Result<MaildirTemplate> MaildirTemplate::parse(std::string_view text) {
    if (text.empty() || text.front() != '/') return refuse("maildir: not an absolute path");
    if (std::any_of(text.begin(), text.end(), is_control))
        return refuse("maildir: the path has a control character");
    const auto components = split(text);
    if (components.empty()) return refuse("maildir: the path names no directory");
    MaildirTemplate result;
    result.fixed_ = true;
    for (const auto& component : components) {
        if (auto checked = check_component(component); !checked) return checked.error();
        const auto variable = has_placeholder(component);
        if (!variable) return variable.error();
        result.fixed_ = result.fixed_ && !*variable;
        const bool last = result.patterns_.empty() && &component == &components.back();
        if (result.fixed_ && !last) {
            auto literal = fill(component, {});
            if (!literal) return literal.error();
            result.existing_ += '/' + *literal;
        } else {
            result.patterns_.push_back(component);
        }
    }
    if (result.existing_.empty()) result.existing_ += '/';
    return result;
}

Result<MaildirPath> MaildirTemplate::expand(const Address& address,
                                            std::string_view delimiter) const {
    Values values{unquoted(address.local()), std::string{address.domain()}, address.text()};
    const auto cut = values.user.find_first_of(delimiter);
    if (!delimiter.empty() && cut != values.user.npos && cut > 0) {
        values.user.resize(cut);
        values.address = values.user + '@' + values.domain;
    }
    MaildirPath path{existing_, {}, fixed_};
    std::size_t size = existing_.size();
    for (const auto& pattern : patterns_) {
        auto component = fill(pattern, values);
        if (!component) return component.error();
        if (auto checked = check_component(*component); !checked) return checked.error();
        size += 1 + component->size();
        path.made.push_back(std::move(*component));
    }
    if (size > max_path) return refuse("maildir: the path is longer than 4095 octets");
    return path;
}

}  // namespace maildircrypt
