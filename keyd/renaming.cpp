#include "keyd/renaming.hpp"

#include "keyd/alias_targets.hpp"

#include <algorithm>

namespace maildircrypt {

Error same_address(std::string_view one, std::string_view other) {
    const std::string first{one};
    return refuse("store: " + first + " and " + std::string{other} +
                  " are one address to this keyd, as they are to Postfix. Nothing was changed: run "
                  "the keyd that wrote the store once more, and there remove one of them "
                  "(keyd-cli remove), after its certificates were added to the other (keyd-cli "
                  "export, keyd-cli add) if they are still in use");
}

Result<void> Renaming::add(std::int64_t number, std::string_view name, std::string_view targets) {
    auto now = EntryName::parse(name);
    if (!now) return refuse("store: the name of entry " + std::to_string(number) + " is damaged");
    auto leads_to = parse_targets(targets);
    if (!leads_to) return leads_to.error();
    if (std::find(leads_to->begin(), leads_to->end(), *now) != leads_to->end())
        return refuse("store: the alias " + std::string{name} + " leads to " + now->text() +
                      ", which is the same address to this keyd. Nothing was changed: run the keyd "
                      "that wrote the store once more, and there take that target away (keyd-cli "
                      "alias)");
    std::string written = write_targets(*leads_to);
    if (now->text() == name && written == targets) return {};
    const auto [other, is_new] = former_.emplace(now->text(), name);
    if (!is_new) return same_address(other->second, name);
    entries_.push_back({number, std::string{name}, std::move(*now), std::move(written)});
    return {};
}

void FormerNames::add(std::string_view logged) {
    while (!logged.empty()) {
        const std::string_view former = logged.substr(0, logged.find('\n'));
        const auto name = EntryName::parse(former);
        if (name && name->text() != former) names_.emplace(former, name->text());
        logged.remove_prefix(std::min(former.size() + 1, logged.size()));
    }
}

}  // namespace maildircrypt
