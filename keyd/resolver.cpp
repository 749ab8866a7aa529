#include "keyd/resolver.hpp"

#include "keyd/alias_union.hpp"
#include "keyd/compiled_answer.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <span>

#include <nlohmann/json.hpp>

namespace maildircrypt {
namespace {

/// How often a lookup begins anew when others change the store between its steps.
constexpr int resolve_attempts = 10;

constexpr std::string_view nothing_known =
    R"("recognise":[],"recovery":[],"seal_to":[],"state":"no-key")";
constexpr std::string_view no_recovery = R"("recovery":[])";

bool seals(KeyState state) {
    return state == KeyState::sealable || state == KeyState::expired;
}

/// The names that may answer for an address, the first that is known does; and as the last its
/// domain's recovery certificate, which never answers alone.
std::vector<EntryName> names_for(const Address& address, std::string_view separators) {
    std::vector<EntryName> names{EntryName{address}};
    if (const auto shorter = without_detail(address, separators)) names.emplace_back(*shorter);
    names.push_back(EntryName::whole_domain(address.domain()));
    names.push_back(EntryName::recovery(address.domain()));
    return names;
}

/// What was found for one address.
struct Found {
    std::optional<EntryName> by;
    StoredEntry entry;     ///< when there is one
    std::string recovery;  ///< text of the domain's recovery entry; empty: there is none
};

/// Reads entries in several steps that belong to one snapshot.
class Steps {
public:
    Steps(EntrySource& source, const ResolveRules& rules, std::int64_t now)
        : source_(source), rules_(rules), now_(now) {}

    Result<std::vector<Found>> find(std::span<const Address> addresses);
    /// The store changed between two steps: what was read does not belong together.
    bool disturbed() const { return disturbed_; }
    const StoreStamp& stamp() const { return stamp_; }

private:
    Result<void> read(std::span<const EntryName> names, FoundEntries& found);
    Result<void> renew(const EntryName& name, StoredEntry& entry);

    EntrySource& source_;
    const ResolveRules& rules_;
    std::int64_t now_;
    StoreStamp stamp_;
    bool disturbed_ = false;
};

Error moving() {
    return retry("the store changes faster than it can be read");
}

Result<void> Steps::read(std::span<const EntryName> names, FoundEntries& found) {
    auto entries = source_.find(names);
    if (!entries) return entries.error();
    const bool first = stamp_.id.empty();
    disturbed_ =
        disturbed_ ||
        (!first && (entries->stamp.revision != stamp_.revision || entries->stamp.id != stamp_.id));
    if (disturbed_) return moving();
    found = std::move(*entries);
    stamp_ = found.stamp;
    return {};
}

/// The clock has overtaken the entry: what is stored is not true any more. Somebody will refresh
/// it, this lookup does not wait for that.
Result<void> Steps::renew(const EntryName& name, StoredEntry& entry) {
    if (now_ < entry.valid_until) return {};
    auto binding = source_.binding(name);
    if (!binding) return binding.error();
    disturbed_ = disturbed_ || binding->version == 0 || binding->version > stamp_.revision;
    if (disturbed_) return moving();
    const CompiledAnswer answer = compile_answer(name, *binding, now_, rules_.all_subkeys);
    entry.text = answer.text;
    entry.state = answer.state;
    return {};
}

Result<std::vector<Found>> Steps::find(std::span<const Address> addresses) {
    std::vector<EntryName> names;
    std::vector<std::size_t> ends;
    for (const Address& address : addresses) {
        for (EntryName& name : names_for(address, rules_.detail_separators))
            names.push_back(std::move(name));
        ends.push_back(names.size());
    }
    FoundEntries found;
    if (auto done = read(names, found); !done) return done.error();
    for (std::size_t i = 0; i < names.size(); ++i)
        if (found.entries[i])
            if (auto done = renew(names[i], *found.entries[i]); !done) return done.error();
    std::vector<Found> result;
    for (std::size_t i = 0, begin = 0; i < ends.size(); begin = ends[i++]) {
        Found& one = result.emplace_back();
        for (std::size_t n = begin; n + 1 < ends[i] && !one.by; ++n) {
            if (!found.entries[n]) continue;
            one.by = names[n];
            one.entry = std::move(*found.entries[n]);
        }
        if (found.entries[ends[i] - 1]) one.recovery = found.entries[ends[i] - 1]->text;
    }
    return result;
}

/// Follows an alias, level by level. Errors of fate refuse: it goes beyond the limits.
class AliasWalk {
public:
    explicit AliasWalk(Steps& steps) : steps_(steps) {}
    Result<AliasUnion> follow(const Found& alias);
    /// Whether it leads to itself.
    bool is_loop() const { return loop_; }

private:
    Result<void> take(const Found& found);
    Result<std::vector<Address>> next_level();

    Steps& steps_;
    AliasUnion union_;
    std::optional<EntryName> start_;
    bool loop_ = false;
    std::set<EntryName> seen_;      ///< entries: each counts once, and a loop ends
    std::vector<EntryName> level_;  ///< targets that were not looked at yet
    std::size_t addresses_ = 0;
};

Error too_many_addresses() {
    return refuse("it leads to more than " + std::to_string(max_alias_addresses) + " addresses");
}

Error damaged() {
    return retry("store: a compiled answer is damaged");
}

Result<void> AliasWalk::take(const Found& found) {
    if (!found.by) {
        union_.add_keyless();
        return ++addresses_ > max_alias_addresses ? too_many_addresses() : Result<void>{};
    }
    if (!start_)
        start_ = found.by;
    else if (*found.by == *start_)
        loop_ = true;
    if (!seen_.insert(*found.by).second) return {};
    if (!found.entry.targets.empty()) {
        level_.insert(level_.end(), found.entry.targets.begin(), found.entry.targets.end());
    } else {
        if (!union_.add(found.entry.state, found.entry.text)) return damaged();
        if (++addresses_ > max_alias_addresses) return too_many_addresses();
    }
    // An alias's own domain, and that of every target whose keys are sealed to.
    const bool wanted = !found.entry.targets.empty() || seals(found.entry.state);
    if (wanted && !found.recovery.empty() && !union_.add_recovery(found.recovery)) return damaged();
    return {};
}

Result<std::vector<Address>> AliasWalk::next_level() {
    std::vector<Address> addresses;
    for (const EntryName& target : level_) {
        auto address = target.address();
        if (!address) return retry("store: a target of an alias is damaged");
        if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end())
            addresses.push_back(std::move(*address));
    }
    level_.clear();
    if (addresses.size() > max_alias_addresses) return too_many_addresses();
    return addresses;
}

Result<AliasUnion> AliasWalk::follow(const Found& alias) {
    if (auto taken = take(alias); !taken) return taken.error();
    for (std::size_t depth = 0; !level_.empty(); ++depth) {
        if (depth == max_alias_depth)
            return refuse("more than " + std::to_string(max_alias_depth) +
                          " aliases stand one behind the other");
        auto addresses = next_level();
        if (!addresses) return addresses.error();
        auto found = steps_.find(*addresses);
        if (!found) return found.error();
        for (const Found& one : *found)
            if (auto taken = take(one); !taken) return taken.error();
    }
    return std::move(union_);
}

Result<Resolved> resolve_once(const Address& address, Steps& steps) {
    auto found = steps.find({&address, 1});
    if (!found) return found.error();
    Found& one = found->front();
    Resolved resolved{steps.stamp(), KeyState::no_key, one.by, std::string{nothing_known}};
    if (!one.by) return resolved;
    if (!one.entry.targets.empty()) {
        auto all = AliasWalk{steps}.follow(one);
        if (!all) return all.error();
        resolved.state = all->state();
        resolved.text = all->text();
        return resolved;
    }
    resolved.state = one.entry.state;
    resolved.text = std::move(one.entry.text) + ',';
    const bool recoverable = seals(resolved.state) && !one.recovery.empty();
    resolved.text += recoverable ? std::string_view{one.recovery} : no_recovery;
    return resolved;
}

/// `step` again and again until no change of the store disturbs it.
template <class Answer>
Result<Answer> undisturbed(EntrySource& source, const ResolveRules& rules, std::int64_t now,
                           const std::function<Result<Answer>(Steps&)>& step) {
    for (int attempt = 0; attempt < resolve_attempts; ++attempt) {
        Steps steps{source, rules, now};
        auto answer = step(steps);
        if (answer || !steps.disturbed()) return answer;
    }
    return moving();
}

}  // namespace

Result<Resolved> resolve(const Address& address, EntrySource& source, const ResolveRules& rules,
                         std::int64_t now) {
    auto resolved = undisturbed<Resolved>(
        source, rules, now, [&](Steps& steps) { return resolve_once(address, steps); });
    // Aliases beyond the limits are no answer, and somebody may put them right.
    return resolved ? resolved : Result<Resolved>{retry(resolved.error().what)};
}

Result<StoreStamp> check_alias(const EntryName& alias, EntrySource& source,
                               const ResolveRules& rules, std::int64_t now) {
    auto address = alias.address();
    if (!address) return address.error();
    return undisturbed<StoreStamp>(source, rules, now, [&](Steps& steps) -> Result<StoreStamp> {
        auto found = steps.find({&*address, 1});
        if (!found) return found.error();
        AliasWalk walk{steps};
        auto followed = walk.follow(found->front());
        if (!followed) return followed.error();
        if (walk.is_loop()) return refuse("it leads to itself");
        return steps.stamp();
    });
}

std::string render_answer(const Address& address, const Resolved& resolved) {
    std::string text;
    text.reserve(resolved.text.size() + 512);
    text += "{\"address\":" + nlohmann::json(address.text()).dump() + ',';
    text += render_stamp(resolved.stamp) + ',' + resolved.text + '}';
    return text;
}

}  // namespace maildircrypt
