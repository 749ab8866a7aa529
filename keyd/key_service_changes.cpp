#include "keyd/compiled_answer.hpp"
#include "keyd/key_service.hpp"
#include "keyd/service_json.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

using nlohmann::json;

/// How often a change is tried when others change the same address meanwhile.
constexpr int change_attempts = 5;

/// For the key log.
std::string channel_of(const Caller& caller) {
    if (caller.uid == 0) return "root";
    return (caller.admin ? "admin:" : "user:") + std::to_string(caller.uid);
}

ApiReply refused(const Error& error) {
    if (error.fate == Fate::refuse) return error_reply(422, "certificate_refused", error.what);
    return error_reply(503, "validator_failed",
                       "The certificate could not be checked: " + error.what);
}

auto find_certificate(std::vector<Certificate>& certificates, const Fingerprint& fingerprint) {
    return std::find_if(certificates.begin(), certificates.end(),
                        [&fingerprint](const Certificate& certificate) {
                            return certificate.fingerprint == fingerprint;
                        });
}

std::vector<OctetString> binaries(const Binding& binding) {
    std::vector<OctetString> stored;
    for (const auto& certificate : binding.certificates) stored.push_back(certificate.binary);
    return stored;
}

/// Why a certificate that the address does not have yet is of no use to it.
std::optional<ApiReply> useless(const Certificate& certificate, std::int64_t now) {
    const std::vector<Certificate> alone{certificate};
    switch (compile_plan(alone, now).state) {
        case KeyState::sealable:
            return std::nullopt;
        case KeyState::expired:
            return error_reply(422, "certificate_refused",
                               "The certificate has expired: extend it and export it again.");
        case KeyState::revoked:
            return error_reply(422, "certificate_refused",
                               "The certificate is revoked: make a new key.");
        case KeyState::tombstone:
        case KeyState::no_key:
            break;
    }
    return error_reply(422, "certificate_refused",
                       "The certificate has no subkey that mail could be sealed to now.");
}

ApiReply describe_added(const Address& address, const Certificate& certificate,
                        const CompiledAnswer& answer) {
    json object = describe_certificate(certificate);
    object["address"] = address.text();
    object["state"] = token_of(answer.state);
    return json_reply(200, object);
}

}  // namespace

Change KeyService::rebind(const Address& address, Binding binding, const Caller& caller) {
    const std::int64_t now = world_.clock();
    remember_subkeys(binding);
    // The address is known from now on, even when this is its first change.
    Binding known{std::max<std::int64_t>(binding.version, 1), binding.certificates,
                  binding.recognise};
    CompiledAnswer answer = compile_answer(address, known, now, world_.rules.all_subkeys);
    return {
        address, binding.version, channel_of(caller), now,
        Bound{std::move(binding.certificates), std::move(binding.recognise), std::move(answer)}};
}

ApiReply KeyService::check(const ApiRequest& request, std::string_view body) {
    const auto anybody = Address::parse("anybody@invalid");
    const Address& address = request.address ? *request.address : *anybody;
    const bool any_user_id = request.any_user_id || !request.address;
    auto certificate = world_.accept(body, address, any_user_id, {}, world_.clock());
    if (!certificate) return refused(certificate.error());
    if (auto reply = useless(*certificate, world_.clock())) return *reply;
    return json_reply(200, describe_certificate(*certificate));
}

ApiReply KeyService::change(const Address& address, const Edit& edit, const Report& report) {
    for (int attempt = 0; attempt < change_attempts; ++attempt) {
        auto binding = world_.store.binding(address);
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

std::optional<ApiReply> KeyService::join(const ApiRequest& request, const Caller& caller,
                                         const Certificate& certificate, Binding& binding) {
    const auto stored = find_certificate(binding.certificates, certificate.fingerprint);
    if (stored != binding.certificates.end()) {
        if (stored->binary == certificate.binary)
            return describe_added(*request.address, certificate,
                                  compile_answer(*request.address, binding, world_.clock(),
                                                 world_.rules.all_subkeys));
        *stored = certificate;
        return std::nullopt;
    }
    // Whoever took over a user's account must not be able to read the user's future mail: a first
    // key and updates of the same key are the owner's, everything else is not.
    if (binding.version != 0 && !caller.admin)
        return deny(request, caller,
                    request.address->text() +
                        " has, or had, another key. Only an administrator "
                        "may replace it or add to it.");
    if (auto reply = useless(certificate, world_.clock())) return reply;
    if (binding.certificates.size() >= max_certificates)
        return error_reply(409, "too_many_certificates",
                           request.address->text() + " has " + std::to_string(max_certificates) +
                               " certificates: remove one first.");
    binding.certificates.push_back(certificate);
    return std::nullopt;
}

ApiReply KeyService::add(const ApiRequest& request, const Caller& caller, std::string_view body) {
    const Address& address = *request.address;
    if (request.any_user_id && !caller.admin)
        return deny(request, caller,
                    "Only an administrator may add a certificate that does not bear the address.");
    Certificate accepted;
    bool first = false;
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        auto certificate =
            world_.accept(body, address, request.any_user_id, binaries(binding), world_.clock());
        if (!certificate) {
            world_.log.event(LogLevel::info, "key_refused",
                             {{"address", address.text()},
                              {"uid", std::to_string(caller.uid)},
                              {"reason", certificate.error().what}});
            return refused(certificate.error());
        }
        const std::size_t before = binding.certificates.size();
        if (auto reply = join(request, caller, *certificate, binding)) return *reply;
        first = binding.certificates.size() > before;
        accepted = std::move(*certificate);
        return rebind(address, std::move(binding), caller);
    };
    return change(address, edit, [&](const Change& done) {
        world_.log.event(LogLevel::info, first ? "key_added" : "key_updated",
                         {{"address", address.text()},
                          {"fingerprint", to_hex(accepted.fingerprint)},
                          {"channel", done.channel}});
        ApiReply reply = describe_added(address, accepted, done.bound->answer);
        reply.status = first ? 201 : 200;
        return reply;
    });
}

ApiReply KeyService::remove(const ApiRequest& request, const Caller& caller) {
    const Address& address = *request.address;
    // Only an administrator can let an address's mail pass in clear again.
    const bool release = caller.admin && !request.keep_tombstone;
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        if (binding.version == 0)
            return error_reply(404, "unknown_address",
                               address.text() +
                                   ": keyd knows no key for this address; there is nothing to "
                                   "remove.");
        if (release)
            return Change{address, binding.version, channel_of(caller), world_.clock(), {}};
        binding.certificates.clear();
        return rebind(address, std::move(binding), caller);
    };
    return change(address, edit, [&](const Change& done) {
        world_.log.event(LogLevel::warning, release ? "address_released" : "address_withdrawn",
                         {{"address", address.text()}, {"channel", done.channel}});
        const auto state = release ? KeyState::no_key : KeyState::tombstone;
        return json_reply(200, {{"address", address.text()}, {"state", token_of(state)}});
    });
}

ApiReply KeyService::remove_certificate(const ApiRequest& request, const Caller& caller) {
    const Address& address = *request.address;
    const std::string fingerprint = to_hex(*request.certificate);
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        const auto stored = find_certificate(binding.certificates, *request.certificate);
        if (stored == binding.certificates.end())
            return error_reply(404, "unknown_certificate",
                               address.text() + " has no certificate " + fingerprint +
                                   ". See: keyd-cli show " + address.text());
        binding.certificates.erase(stored);
        return rebind(address, std::move(binding), caller);
    };
    return change(address, edit, [&](const Change& done) {
        world_.log.event(
            LogLevel::warning, "key_removed",
            {{"address", address.text()}, {"fingerprint", fingerprint}, {"channel", done.channel}});
        return json_reply(
            200, {{"address", address.text()}, {"state", token_of(done.bound->answer.state)}});
    });
}

}  // namespace maildircrypt
