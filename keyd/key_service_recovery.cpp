/// Recovery certificates: what an administrator sets for a domain, so that its mail can be read
/// when its recipients' keys are gone.

#include "keyd/change_replies.hpp"
#include "keyd/key_service.hpp"
#include "keyd/service_json.hpp"

namespace maildircrypt {
namespace {

using nlohmann::json;

ApiReply no_recovery(const EntryName& name) {
    return error_reply(404, "unknown_address",
                       std::string{name.domain()} + " has no recovery certificate.");
}

json describe_recovery(const EntryName& name, const Certificate& certificate, KeyState state) {
    json object = describe_certificate(certificate);
    object["domain"] = name.domain();
    object["state"] = token_of(state);
    return object;
}

}  // namespace

nlohmann::json KeyService::recovery_for(const EntryName& name) {
    const auto recovery = EntryName::recovery(name.domain());
    const auto binding = world_.store.binding(recovery);
    if (!binding || binding->certificates.empty()) return nullptr;
    return describe_recovery(recovery, binding->certificates.front(),
                             compile(recovery, *binding).state);
}

ApiReply KeyService::set_recovery(const ApiRequest& request, const Caller& caller,
                                  std::string_view body) {
    const EntryName& name = *request.name;
    const auto nobody = Address::parse("recovery@" + std::string{name.domain()});
    if (!nobody) return error_reply(400, "bad_request", "Not a domain.");
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        auto certificate = world_.accept(body, *nobody, true, binaries(binding), world_.clock());
        if (!certificate) return refused(certificate.error());
        if (auto reply = useless(*certificate, world_.clock())) return *reply;
        const bool same = !binding.certificates.empty() &&
                          binding.certificates.front().binary == certificate->binary;
        binding.certificates = {std::move(*certificate)};
        if (same)
            return json_reply(200, describe_recovery(name, binding.certificates.front(),
                                                     compile(name, binding).state));
        return rebind(name, std::move(binding), caller);
    };
    return change(name, edit, [&](const Change& done) {
        const Certificate& set = done.bound->certificates.front();
        world_.log.event(LogLevel::warning, "recovery_set",
                         {{"domain", std::string{name.domain()}},
                          {"fingerprint", to_hex(set.fingerprint)},
                          {"channel", done.channel}});
        return json_reply(201, describe_recovery(name, set, done.bound->answer.state));
    });
}

ApiReply KeyService::show_recovery(const EntryName& name) {
    auto binding = world_.store.binding(name);
    if (!binding) return store_failed(binding.error());
    if (binding->certificates.empty()) return no_recovery(name);
    return json_reply(
        200, describe_recovery(name, binding->certificates.front(), compile(name, *binding).state));
}

ApiReply KeyService::remove_recovery(const ApiRequest& request, const Caller& caller) {
    const EntryName& name = *request.name;
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        if (binding.version == 0) return no_recovery(name);
        return Change{name, binding.version, channel_of(caller), world_.clock(), {}};
    };
    return change(name, edit, [&](const Change& done) {
        world_.log.event(LogLevel::warning, "recovery_removed",
                         {{"domain", std::string{name.domain()}}, {"channel", done.channel}});
        return json_reply(200, {{"domain", name.domain()}});
    });
}

/// The names of recovery entries stand together in the order of names.
ApiReply KeyService::list_recovery(const ApiRequest& request) {
    const std::string prefix = "recovery:";
    auto listed = world_.store.list(std::max(request.after, prefix), request.limit, Listed::all);
    if (!listed) return store_failed(listed.error());
    std::erase_if(
        *listed, [](const ListedEntry& entry) { return entry.name.kind() != EntryKind::recovery; });
    json recovery = json::array();
    for (const ListedEntry& entry : *listed) {
        auto binding = world_.store.binding(entry.name);
        if (!binding) return store_failed(binding.error());
        for (const Certificate& certificate : binding->certificates)
            recovery.push_back(
                describe_recovery(entry.name, certificate, compile(entry.name, *binding).state));
    }
    return json_reply(
        200, {{"recovery", std::move(recovery)}, {"next", next_page(*listed, request.limit)}});
}

}  // namespace maildircrypt
