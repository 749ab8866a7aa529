#include "keyd/alias_targets.hpp"

#include <algorithm>

namespace maildircrypt {

void add_target(std::vector<EntryName>& targets, EntryName target) {
    if (std::find(targets.begin(), targets.end(), target) == targets.end())
        targets.push_back(std::move(target));
}

std::string write_targets(std::span<const EntryName> targets) {
    std::string text;
    for (const EntryName& target : targets) text += (text.empty() ? "" : "\n") + target.text();
    return text;
}

Result<std::vector<EntryName>> parse_targets(std::string_view text) {
    std::vector<EntryName> targets;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        auto target = EntryName::parse(text.substr(0, end));
        if (!target) return retry("store: a target of an alias is damaged");
        add_target(targets, std::move(*target));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return targets;
}

}  // namespace maildircrypt
