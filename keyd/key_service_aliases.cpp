/// Aliases: which addresses an address stands for, set by administrators.

#include "keyd/alias_targets.hpp"
#include "keyd/change_replies.hpp"
#include "keyd/encoding.hpp"
#include "keyd/json_fields.hpp"
#include "keyd/json_text.hpp"
#include "keyd/key_service.hpp"
#include "keyd/service_json.hpp"

#include <set>

namespace maildircrypt {
namespace {

using nlohmann::json;

/// Aliases that lead to one that is changed, beyond which no change of it is taken.
constexpr std::size_t max_aliases_above = 1000;

ApiReply alias_refused(const std::string& message) {
    return error_reply(422, "alias_refused", message);
}

/// The body of a request: {"targets": ["ann@example.org", ...]}.
Result<std::vector<EntryName>> read_targets(std::string_view body) {
    const json object = parse_json(body);
    JsonFields fields{object};
    std::vector<EntryName> targets;
    for (const json& entry : fields.list("targets")) {
        const std::string text = entry.is_string() ? entry.get<std::string>() : "";
        const auto address = Address::parse(text);
        if (!address || !is_utf8(text))
            return refuse("not an address of the form name@domain: " + text);
        add_target(targets, *address);
    }
    if (!fields.ok()) return refuse(R"(the body has to be {"targets": ["ADDRESS", ...]})");
    if (targets.empty()) return refuse("an alias needs at least one target");
    if (targets.size() > max_alias_targets)
        return refuse("an alias has at most " + std::to_string(max_alias_targets) +
                      " targets: put some of them behind another alias");
    return targets;
}

/// The store as it will be when the alias is in it.
class WithAlias : public EntrySource {
public:
    WithAlias(EntrySource& store, const EntryName& alias, const std::vector<EntryName>& targets)
        : store_(store), alias_(alias), targets_(targets) {}
    Result<FoundEntries> find(std::span<const EntryName> names) override {
        auto found = store_.find(names);
        if (!found) return found;
        for (std::size_t i = 0; i < names.size(); ++i)
            if (names[i] == alias_)
                found->entries[i] = StoredEntry{{}, KeyState::tombstone, forever, targets_};
        return found;
    }
    Result<Binding> binding(const EntryName& name) override { return store_.binding(name); }

private:
    EntrySource& store_;
    const EntryName& alias_;
    const std::vector<EntryName>& targets_;
};

}  // namespace

Result<StoreStamp> KeyService::check_alias_and_above(const EntryName& alias, EntrySource& changed) {
    auto stamp = check_alias(alias, changed, world_.rules, world_.clock());
    if (!stamp) return Error{stamp.error().fate, alias.text() + ": " + stamp.error().what};
    std::vector<EntryName> above{alias};
    std::set<EntryName> seen{alias};
    for (std::size_t i = 0; i < above.size(); ++i) {
        auto aliases = world_.store.aliases_of(above[i], max_aliases_above + 1);
        if (!aliases) return aliases.error();
        for (EntryName& name : *aliases) {
            if (!seen.insert(name).second) continue;
            auto checked = check_alias(name, changed, world_.rules, world_.clock());
            if (!checked)
                return Error{checked.error().fate, name.text() + ", an alias that leads to " +
                                                       alias.text() + ": " + checked.error().what};
            above.push_back(std::move(name));
        }
        if (above.size() > max_aliases_above)
            return refuse("more than " + std::to_string(max_aliases_above) + " aliases lead to " +
                          alias.text());
    }
    return stamp;
}

ApiReply KeyService::set_alias(const ApiRequest& request, const Caller& caller,
                               std::string_view body) {
    const EntryName& name = *request.name;
    auto targets = read_targets(body);
    if (!targets) return alias_refused(targets.error().what);
    const auto describe = [&] {
        const auto resolved = resolve_in_store(name);
        const auto state = resolved ? resolved->state : KeyState::tombstone;
        return json_reply(200, {{"address", name.text()},
                                {"targets", describe_names(*targets)},
                                {"state", token_of(state)},
                                {"recovery", recovery_for(name)}});
    };
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        if (!binding.certificates.empty())
            return alias_refused(name.text() +
                                 " has keys of its own. Take them away first: keyd-cli remove " +
                                 name.text() + " --keep-tombstone");
        if (binding.targets == *targets) return describe();
        WithAlias changed{world_.store, name, *targets};
        auto judged_by = check_alias_and_above(name, changed);
        if (!judged_by && judged_by.error().fate == Fate::refuse)
            return alias_refused(judged_by.error().what);
        if (!judged_by) return store_failed(judged_by.error());
        binding.targets = *targets;
        Change change = rebind(name, std::move(binding), caller);
        change.revision = judged_by->revision;
        return change;
    };
    return change(name, edit, [&](const Change& done) {
        world_.log.event(LogLevel::warning, "alias_set",
                         {{"address", name.text()},
                          {"targets", std::to_string(done.bound->targets.size())},
                          {"channel", done.channel}});
        return describe();
    });
}

ApiReply KeyService::remove_alias(const ApiRequest& request, const Caller& caller) {
    const EntryName& name = *request.name;
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        if (binding.targets.empty())
            return error_reply(404, "unknown_address", name.text() + " is no alias.");
        binding.targets.clear();
        return rebind(name, std::move(binding), caller);
    };
    return change(name, edit, [&](const Change& done) {
        world_.log.event(LogLevel::warning, "alias_removed",
                         {{"address", name.text()}, {"channel", done.channel}});
        return json_reply(
            200, {{"address", name.text()}, {"state", token_of(done.bound->answer.state)}});
    });
}

ApiReply KeyService::list_aliases(const ApiRequest& request) {
    auto listed = list_now(request, Listed::aliases);
    if (!listed) return store_failed(listed.error());
    json aliases = json::array();
    for (const auto& entry : *listed) aliases.push_back(describe_entry(entry));
    return json_reply(
        200, {{"aliases", std::move(aliases)}, {"next", next_page(*listed, request.limit)}});
}

}  // namespace maildircrypt
