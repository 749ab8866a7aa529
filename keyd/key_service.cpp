#include "keyd/key_service.hpp"

#include "base/version.hpp"
#include "keyd/compiled_answer.hpp"
#include "keyd/service_json.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

using nlohmann::json;

ApiReply unknown_address(const Address& address) {
    return error_reply(404, "unknown_address",
                       address.text() +
                           ": keyd knows no key for this address. Add one with: keyd-cli add " +
                           address.text() + " FILE");
}

/// The entry as keyd sees it at `now`.
json describe_now(const EntryName& name, const Binding& binding, std::int64_t now,
                  bool all_subkeys) {
    return describe_binding(name, binding, compile_answer(name, binding, now, all_subkeys));
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
    return {200, render_answer(address, *resolved)};
}

ApiReply KeyService::health(StoreReader& reader) {
    const EntryName probe = EntryName::whole_domain("invalid");
    auto found = reader.find({&probe, 1});
    if (!found) return store_failed(found.error());
    return {200, "{\"status\":\"ok\",\"version\":\"" + std::string{version} + "\"," +
                     render_stamp(found->stamp) + "}\n"};
}

std::optional<ApiReply> KeyService::refuse_early(const ApiRequest& request, const Caller& caller) {
    if (role_for(request.action) != Role::administrator || caller.admin) return std::nullopt;
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
        !world_.ownership.owns(caller.uid, *request.address))
        return deny(request, caller,
                    "You may manage only addresses that are yours, and " + request.address->text() +
                        " is not (keyd's options user-domains and user-map say which are). Ask an "
                        "administrator, or become root.");
    switch (request.action) {
        case Action::health:
        case Action::lookup:
            break;
        case Action::check:
            return check(request, body);
        case Action::show:
            return show(*request.address);
        case Action::export_certificates:
            return export_certificates(*request.address);
        case Action::add:
            return add(request, caller, body);
        case Action::remove:
            return remove(request, caller);
        case Action::remove_certificate:
            return remove_certificate(request, caller);
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

ApiReply KeyService::show(const Address& address) {
    auto binding = world_.store.binding(address);
    if (!binding) return store_failed(binding.error());
    if (binding->version == 0) return unknown_address(address);
    return json_reply(200,
                      describe_now(address, *binding, world_.clock(), world_.rules.all_subkeys));
}

ApiReply KeyService::export_certificates(const Address& address) {
    auto binding = world_.store.binding(address);
    if (!binding) return store_failed(binding.error());
    if (binding->version == 0) return unknown_address(address);
    std::string armour;
    for (const auto& certificate : binding->certificates)
        armour += armour_certificate(certificate.binary);
    return json_reply(200, {{"address", address.text()}, {"certificates", armour}});
}

ApiReply KeyService::list(const ApiRequest& request) {
    auto listed = world_.store.list(request.after, request.limit);
    if (!listed) return store_failed(listed.error());
    json addresses = json::array();
    for (auto& entry : *listed) {
        if (world_.clock() >= entry.valid_until) {
            auto binding = world_.store.binding(entry.name);
            if (!binding) return store_failed(binding.error());
            const auto now =
                compile_answer(entry.name, *binding, world_.clock(), world_.rules.all_subkeys);
            entry.state = now.state;
            entry.expires = now.expires;
        }
        addresses.push_back({{"address", entry.name.text()},
                             {"state", token_of(entry.state)},
                             {"expires", entry.expires}});
    }
    const bool more = listed->size() == request.limit;
    const json next = more ? json(listed->back().name.text()) : json(nullptr);
    return json_reply(200, {{"addresses", std::move(addresses)}, {"next", next}});
}

ApiReply KeyService::log(const ApiRequest& request) {
    auto rows = world_.store.log(request.after_sequence, request.limit, request.address);
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
    auto addresses = world_.store.stale(now, limit);
    if (!addresses) {
        (void)store_failed(addresses.error());
        return;
    }
    for (const auto& address : *addresses) {
        auto binding = world_.store.binding(address);
        if (!binding) continue;  // lookups go on compiling it themselves
        const auto answer = compile_answer(address, *binding, now, world_.rules.all_subkeys);
        auto done = world_.store.refresh(address, binding->version, answer);
        if (!done) (void)store_failed(done.error());
        world_.log.event(
            LogLevel::info, "key_state",
            {{"address", address.text()}, {"state", std::string{token_of(answer.state)}}});
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
                          {"address", request.address ? request.address->text() : ""},
                          {"reason", std::string{message}},
                          {"left_out", std::to_string(*left_out)}});
    return error_reply(403, "not_permitted", message);
}

}  // namespace maildircrypt
