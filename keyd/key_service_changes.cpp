#include "keyd/change_replies.hpp"
#include "keyd/compiled_answer.hpp"
#include "keyd/key_service.hpp"
#include "keyd/service_json.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

using nlohmann::json;

/// How often a change is tried when others change the same address meanwhile.
constexpr int change_attempts = 5;

auto find_certificate(std::vector<Certificate>& certificates, const Fingerprint& fingerprint) {
    return std::find_if(certificates.begin(), certificates.end(),
                        [&fingerprint](const Certificate& certificate) {
                            return certificate.fingerprint == fingerprint;
                        });
}

ApiReply describe_added(const EntryName& name, const Certificate& certificate,
                        const CompiledAnswer& answer, json recovery) {
    json object = describe_certificate(certificate);
    object["address"] = name.text();
    object["state"] = token_of(answer.state);
    object["recovery"] = std::move(recovery);
    return json_reply(200, object);
}

/// For messages, and to prefer among several certificates: of a domain, its postmaster's.
Address address_for(const ApiRequest& request) {
    if (request.address) return *request.address;
    const std::string domain = request.name ? std::string{request.name->domain()} : "invalid";
    auto postmaster = Address::parse("postmaster@" + domain);
    return postmaster ? *postmaster : *Address::parse("postmaster@invalid");
}

/// Whether nothing of the certificate can be sealed to because it was declared lost.
bool is_lost(const Certificate& certificate, const Binding& binding) {
    const auto& keys = certificate.encryption_keys;
    return !certificate.revoked && !keys.empty() &&
           std::all_of(keys.begin(), keys.end(), [&binding](const EncryptionSubkey& subkey) {
               const auto& lost = binding.lost;
               return std::find(lost.begin(), lost.end(), subkey.key.fingerprint) != lost.end();
           });
}

}  // namespace

Change KeyService::rebind(const EntryName& name, Binding binding, const Caller& caller) {
    remember_subkeys(binding);
    const std::int64_t version = binding.version;
    // The entry is known from now on, even when this is its first change.
    binding.version = std::max<std::int64_t>(version, 1);
    CompiledAnswer answer = compile(name, binding);
    return {name, version, channel_of(caller), world_.clock(),
            Bound{std::move(binding.certificates), std::move(binding.recognise), std::move(answer),
                  std::move(binding.lost), std::move(binding.targets)}};
}

ApiReply KeyService::check(const ApiRequest& request, std::string_view body) {
    const bool any_user_id = request.any_user_id || !request.address;
    auto certificate = world_.accept(body, address_for(request), any_user_id, {}, world_.clock());
    if (!certificate) return refused(certificate.error());
    if (auto reply = useless(*certificate, world_.clock())) return *reply;
    return json_reply(200, describe_certificate(*certificate));
}

ApiReply KeyService::change(const EntryName& name, const Edit& edit, const Report& report) {
    for (int attempt = 0; attempt < change_attempts; ++attempt) {
        auto binding = world_.store.binding(name);
        if (!binding) return store_failed(binding.error());
        auto edited = edit(std::move(*binding));
        if (const auto* reply = std::get_if<ApiReply>(&edited)) return *reply;
        const Change& wanted = std::get<Change>(edited);
        auto applied = world_.store.apply({&wanted, 1});
        if (!applied) return store_failed(applied.error());
        if (*applied == Applied::done) return report(wanted);
    }
    return error_reply(409, "conflict", "Others are changing this address; try again.");
}

/// Whoever took over a user's account must not be able to read the user's future mail: a first key
/// and updates of the same key are the owner's, everything else is not.
std::optional<ApiReply> KeyService::refuse_new_certificate(const ApiRequest& request,
                                                           const Caller& caller,
                                                           const Binding& binding) {
    if (caller.admin) return std::nullopt;
    const std::string& name = request.name->text();
    if (binding.version != 0)
        return deny(request, caller,
                    name +
                        " has, or had, another key. Only an administrator may replace it or "
                        "add to it.");
    auto resolved = resolve_in_store(*request.name);
    if (!resolved) return store_failed(resolved.error());
    if (!resolved->by) return std::nullopt;
    return deny(request, caller,
                "Mail for " + name + " is sealed to the keys of " + resolved->by->text() +
                    ". Only an administrator may give it a key of its own instead.");
}

std::optional<ApiReply> KeyService::join(const ApiRequest& request, const Caller& caller,
                                         const Certificate& certificate, Binding& binding) {
    if (!binding.targets.empty()) return is_alias(*request.name);
    if (is_lost(certificate, binding))
        return error_reply(422, "certificate_refused",
                           "The key was declared lost: make a new one. (When it was found again, "
                           "an administrator releases the address first: keyd-cli remove " +
                               request.name->text() + ")");
    const auto stored = find_certificate(binding.certificates, certificate.fingerprint);
    if (stored != binding.certificates.end()) {
        if (stored->binary == certificate.binary)
            return describe_added(*request.name, certificate, compile(*request.name, binding),
                                  recovery_for(*request.name));
        *stored = certificate;
        return std::nullopt;
    }
    if (auto reply = refuse_new_certificate(request, caller, binding)) return reply;
    if (auto reply = useless(certificate, world_.clock())) return reply;
    if (binding.certificates.size() >= max_certificates)
        return error_reply(409, "too_many_certificates",
                           request.name->text() + " has " + std::to_string(max_certificates) +
                               " certificates: remove one first.");
    binding.certificates.push_back(certificate);
    return std::nullopt;
}

ApiReply KeyService::add(const ApiRequest& request, const Caller& caller, std::string_view body) {
    const EntryName& name = *request.name;
    if (request.any_user_id && !caller.admin)
        return deny(request, caller,
                    "Only an administrator may add a certificate that does not bear the address.");
    const bool any_user_id = request.any_user_id || name.kind() == EntryKind::domain;
    Certificate accepted;
    bool first = false;
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        auto certificate = world_.accept(body, address_for(request), any_user_id, binaries(binding),
                                         world_.clock());
        if (!certificate) {
            world_.log.event(LogLevel::info, "key_refused",
                             {{"address", name.text()},
                              {"uid", std::to_string(caller.uid)},
                              {"reason", certificate.error().what}});
            return refused(certificate.error());
        }
        const std::size_t before = binding.certificates.size();
        if (auto reply = join(request, caller, *certificate, binding)) return *reply;
        first = binding.certificates.size() > before;
        accepted = std::move(*certificate);
        return rebind(name, std::move(binding), caller);
    };
    return change(name, edit, [&](const Change& done) {
        world_.log.event(LogLevel::info, first ? "key_added" : "key_updated",
                         {{"address", name.text()},
                          {"fingerprint", to_hex(accepted.fingerprint)},
                          {"channel", done.channel}});
        ApiReply reply = describe_added(name, accepted, done.bound->answer, recovery_for(name));
        reply.status = first ? 201 : 200;
        return reply;
    });
}

ApiReply KeyService::remove(const ApiRequest& request, const Caller& caller) {
    const EntryName& name = *request.name;
    // Only an administrator can let an address's mail pass in clear again.
    const bool release = caller.admin && !request.keep_tombstone;
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        if (binding.version == 0) return nothing_to_remove(name);
        if (!binding.targets.empty() && !caller.admin) return is_alias(name);
        if (release) return Change{name, binding.version, channel_of(caller), world_.clock(), {}};
        binding.certificates.clear();
        binding.targets.clear();
        return rebind(name, std::move(binding), caller);
    };
    return change(name, edit, [&](const Change& done) {
        world_.log.event(LogLevel::warning, release ? "address_released" : "address_withdrawn",
                         {{"address", name.text()}, {"channel", done.channel}});
        // What was released may be the domain's now.
        const auto now = name.kind() == EntryKind::address ? resolve_in_store(name)
                                                           : Result<Resolved>{Resolved{}};
        const auto state = release ? KeyState::no_key : KeyState::tombstone;
        return json_reply(200, {{"address", name.text()},
                                {"state", token_of(release && now ? now->state : state)}});
    });
}

ApiReply KeyService::remove_certificate(const ApiRequest& request, const Caller& caller) {
    const EntryName& name = *request.name;
    const std::string fingerprint = to_hex(*request.certificate);
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        const auto stored = find_certificate(binding.certificates, *request.certificate);
        if (stored == binding.certificates.end())
            return error_reply(404, "unknown_certificate",
                               name.text() + " has no certificate " + fingerprint +
                                   ". See: keyd-cli show " + name.text());
        binding.certificates.erase(stored);
        return rebind(name, std::move(binding), caller);
    };
    return change(name, edit, [&](const Change& done) {
        world_.log.event(
            LogLevel::warning, "key_removed",
            {{"address", name.text()}, {"fingerprint", fingerprint}, {"channel", done.channel}});
        return json_reply(
            200, {{"address", name.text()}, {"state", token_of(done.bound->answer.state)}});
    });
}

}  // namespace maildircrypt
