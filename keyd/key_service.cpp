#include "keyd/key_service.hpp"

#include "base/version.hpp"
#include "keyd/compiled_answer.hpp"
#include "keyd/service_json.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds answer_lease{1};

ApiReply unknown_address(const EntryName& name) {
    return error_reply(404, "unknown_address",
                       name.text() + ": keyd knows no key for this. Add one with: keyd-cli add " +
                           name.text() + " FILE");
}

}  // namespace

KeyService::KeyService(ServiceDependencies dependencies) : world_(std::move(dependencies)) {}

ApiReply KeyService::answer(const ApiRequest& request, StoreReader& reader) {
    return request.action == Action::lookup ? lookup(*request.address, reader) : health(reader);
}

ApiReply KeyService::lookup(const Address& address, StoreReader& reader) {
    auto resolved = resolve(address, reader, world_.rules, world_.clock());
    if (!resolved) {
        metrics_.lookup_failed();
        return store_failed(resolved.error());
    }
    metrics_.lookup(resolved->state);
    ApiReply reply{200, render_answer(address, *resolved)};
    if (reader.is_sole_writer() && resolved->state == KeyState::sealable)
        reply.lease = answer_lease;
    return reply;
}

ApiReply KeyService::health(StoreReader& reader) {
    const EntryName probe = EntryName::whole_domain("invalid");
    auto found = reader.find({&probe, 1});
    if (!found) return store_failed(found.error());
    return {200, "{\"status\":\"ok\",\"version\":\"" + std::string{version} + "\"," +
                     render_stamp(found->stamp) + "}\n"};
}

std::optional<ApiReply> KeyService::refuse_early(const ApiRequest& request, const Caller& caller) {
    if (role_for(request) != Role::administrator || caller.admin) return std::nullopt;
    return deny(request, caller,
                "Only root and members of the group maildircrypt-admin may do this.");
}

ApiReply KeyService::serve(const ApiRequest& request, const Caller& caller, std::string_view body) {
    ApiReply reply = act(request, caller, body);
    if (takes_body(request.action) && request.action != Action::restore)
        count_upload(request, reply);
    return reply;
}

ApiReply KeyService::act(const ApiRequest& request, const Caller& caller, std::string_view body) {
    if (auto refused = refuse_early(request, caller)) return *refused;
    if (role_for(request.action) == Role::owner && !caller.admin &&
        !world_.ownership.owns(caller.uid, *request.name))
        return deny(request, caller,
                    "You may manage only addresses that are yours, and " + request.name->text() +
                        " is not (keyd's options user-domains and user-map say which are). Ask an "
                        "administrator, or become root.");
    switch (request.action) {
        case Action::health:
        case Action::lookup:
            break;
        case Action::check:
            return check(request, body);
        case Action::show:
            return show(*request.name);
        case Action::export_certificates:
            return export_certificates(*request.name);
        case Action::add:
            return add(request, caller, body);
        case Action::remove:
            return remove(request, caller);
        case Action::remove_certificate:
            return remove_certificate(request, caller);
        case Action::lost_key:
            return lost_key(request, caller);
        case Action::set_alias:
            return set_alias(request, caller, body);
        case Action::remove_alias:
            return remove_alias(request, caller);
        case Action::list_aliases:
            return list_aliases(request);
        case Action::set_recovery:
            return set_recovery(request, caller, body);
        case Action::show_recovery:
            return show_recovery(*request.name);
        case Action::remove_recovery:
            return remove_recovery(request, caller);
        case Action::list_recovery:
            return list_recovery(request);
        case Action::list:
            return list(request);
        case Action::log:
            return log(request);
        case Action::verify_log:
            return verify_log(request.noted);
        case Action::erase_log:
            return erase_log(request, caller);
        case Action::report_clear:
            return report_clear(request, caller);
        case Action::metrics:
            return render_metrics();
        case Action::begin_backup:
            return begin_backup();
        case Action::backup_entries:
        case Action::backup_log:
            return read_backup(request);
        case Action::restore:
            return restore(caller, body);
    }
    return error_reply(500, "internal", "This request came the wrong way.");
}

CompiledAnswer KeyService::compile(const EntryName& name, const Binding& binding) const {
    return compile_answer(name, binding, world_.clock(), world_.rules.all_subkeys);
}

Result<Resolved> KeyService::resolve_in_store(const EntryName& name) {
    auto address = name.address();
    if (!address) return retry(name.text() + " is no address");
    return resolve(*address, world_.store, world_.rules, world_.clock());
}

ApiReply KeyService::show(const EntryName& asked) {
    EntryName by = asked;
    std::optional<Resolved> resolved;
    if (asked.kind() == EntryKind::address) {
        auto found = resolve_in_store(asked);
        if (!found) return store_failed(found.error());
        if (!found->by) return unknown_address(asked);
        by = *found->by;
        resolved = std::move(*found);
    }
    auto binding = world_.store.binding(by);
    if (!binding) return store_failed(binding.error());
    if (binding->version == 0) return unknown_address(asked);
    json shown = describe_binding(asked, *binding, compile(by, *binding));
    shown["by"] = by.text();
    shown["recovery"] = recovery_for(asked);
    if (!binding->targets.empty() && resolved) {
        shown["state"] = token_of(resolved->state);
        shown["sealed_to"] = list_sealed_to(resolved->text);
    }
    return json_reply(200, shown);
}

ApiReply KeyService::export_certificates(const EntryName& name) {
    auto binding = world_.store.binding(name);
    if (!binding) return store_failed(binding.error());
    if (binding->version == 0) return unknown_address(name);
    std::string armour;
    for (const auto& certificate : binding->certificates)
        armour += armour_certificate(certificate.binary);
    return json_reply(200, {{"address", name.text()}, {"certificates", armour}});
}

Result<std::vector<ListedEntry>> KeyService::list_now(const ApiRequest& request, Listed which) {
    auto listed = world_.store.list(request.after, request.limit, which);
    if (!listed) return listed;
    for (auto& entry : *listed) {
        if (!entry.targets.empty()) {
            const auto resolved = resolve_in_store(entry.name);
            // What cannot be told, an alias beyond the limits say, is deferred like a tombstone.
            entry.state = resolved ? resolved->state : KeyState::tombstone;
        } else if (world_.clock() >= entry.valid_until) {
            auto binding = world_.store.binding(entry.name);
            if (!binding) return binding.error();
            const auto now = compile(entry.name, *binding);
            entry.state = now.state;
            entry.expires = now.expires;
        }
    }
    return listed;
}

ApiReply KeyService::list(const ApiRequest& request) {
    auto listed = list_now(request, Listed::all);
    if (!listed) return store_failed(listed.error());
    json addresses = json::array();
    for (const auto& entry : *listed)
        if (entry.name.kind() != EntryKind::recovery) addresses.push_back(describe_entry(entry));
    return json_reply(
        200, {{"addresses", std::move(addresses)}, {"next", next_page(*listed, request.limit)}});
}

ApiReply KeyService::log(const ApiRequest& request) {
    auto rows = world_.store.log(request.after_sequence, request.limit, request.name);
    if (!rows) return store_failed(rows.error());
    json changes = json::array();
    for (const auto& row : *rows) changes.push_back(describe_change(row));
    const bool more = rows->size() == request.limit;
    const json next = more ? json(rows->back().sequence) : json(nullptr);
    return json_reply(200, {{"changes", std::move(changes)}, {"next", next}});
}

Result<KeyState> KeyService::state_of(const Address& address, StoreReader& reader) {
    auto resolved = resolve(address, reader, world_.rules, world_.clock());
    if (!resolved) return resolved.error();
    return resolved->state;
}

void KeyService::refresh_stale(std::size_t limit) {
    backups_.sweep(std::chrono::steady_clock::now());
    const std::int64_t now = world_.clock();
    auto names = world_.store.stale(now, limit);
    if (!names) {
        (void)store_failed(names.error());
        return;
    }
    for (const auto& name : *names) {
        auto binding = world_.store.binding(name);
        if (!binding) continue;  // lookups go on compiling it themselves
        const auto answer = compile_answer(name, *binding, now, world_.rules.all_subkeys);
        auto done = world_.store.refresh(name, binding->version, answer);
        if (!done) (void)store_failed(done.error());
        world_.log.event(
            LogLevel::info, "key_state",
            {{"address", name.text()}, {"state", std::string{token_of(answer.state)}}});
    }
}

ApiReply KeyService::store_failed(const Error& error) {
    metrics_.store_failed();
    if (const auto left_out = failures_.pass(std::chrono::steady_clock::now()))
        world_.log.event(LogLevel::error, "store_failed",
                         {{"reason", error.what}, {"left_out", std::to_string(*left_out)}});
    return error_reply(503, "store_failed",
                       "The key store does not answer; try again later. keyd's log says why.");
}

ApiReply KeyService::deny(const ApiRequest& request, const Caller& caller,
                          std::string_view message) {
    metrics_.denied();
    if (const auto left_out = denials_.pass(std::chrono::steady_clock::now()))
        world_.log.event(LogLevel::warning, "denied",
                         {{"uid", std::to_string(caller.uid)},
                          {"address", request.name ? request.name->text() : ""},
                          {"reason", std::string{message}},
                          {"left_out", std::to_string(*left_out)}});
    return error_reply(403, "not_permitted", message);
}

}  // namespace maildircrypt
