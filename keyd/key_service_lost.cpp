/// What keyd does when somebody has lost a key: no mail is sealed to it from then on.

#include "keyd/change_replies.hpp"
#include "keyd/key_service.hpp"
#include "keyd/service_json.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

using nlohmann::json;

/// The encryption subkeys that `wanted` names: one of them, all of a certificate, or without it
/// all.
std::vector<Fingerprint> subkeys_of(const Binding& binding,
                                    const std::optional<Fingerprint>& wanted) {
    std::vector<Fingerprint> found;
    for (const Certificate& certificate : binding.certificates)
        for (const EncryptionSubkey& subkey : certificate.encryption_keys)
            if (!wanted || certificate.fingerprint == *wanted || subkey.key.fingerprint == *wanted)
                found.push_back(subkey.key.fingerprint);
    return found;
}

/// Adds them to what is lost; returns those that were not.
std::vector<Fingerprint> lose(Binding& binding, const std::vector<Fingerprint>& fingerprints) {
    std::vector<Fingerprint> added;
    for (const Fingerprint& fingerprint : fingerprints) {
        auto& lost = binding.lost;
        if (std::find(lost.begin(), lost.end(), fingerprint) != lost.end()) continue;
        lost.push_back(fingerprint);
        added.push_back(fingerprint);
    }
    return added;
}

json fingerprints_of(const std::vector<Fingerprint>& fingerprints) {
    json list = json::array();
    for (const Fingerprint& fingerprint : fingerprints) list.push_back(to_hex(fingerprint));
    return list;
}

ApiReply no_such_key(const EntryName& name, const std::optional<Fingerprint>& wanted) {
    const std::string which = wanted ? "no key " + to_hex(*wanted) : "no certificate";
    return error_reply(404, "unknown_certificate",
                       name.text() + " has " + which + ". See: keyd-cli show " + name.text());
}

}  // namespace

ApiReply KeyService::lost_key(const ApiRequest& request, const Caller& caller) {
    const EntryName& name = *request.name;
    std::vector<Fingerprint> added;
    const auto describe = [&](KeyState state) {
        return json_reply(200, {{"address", name.text()},
                                {"state", token_of(state)},
                                {"lost", fingerprints_of(added)}});
    };
    const auto edit = [&](Binding binding) -> std::variant<Change, ApiReply> {
        if (binding.version == 0) return nothing_to_remove(name);
        if (!binding.targets.empty()) return is_alias(name);
        const auto subkeys = subkeys_of(binding, request.certificate);
        if (subkeys.empty()) return no_such_key(name, request.certificate);
        added = lose(binding, subkeys);
        if (added.empty()) return describe(compile(name, binding).state);
        Change change = rebind(name, std::move(binding), caller);
        change.lost = true;
        return change;
    };
    return change(name, edit, [&](const Change& done) {
        for (const Fingerprint& fingerprint : added)
            world_.log.event(LogLevel::warning, "key_lost",
                             {{"address", name.text()},
                              {"fingerprint", to_hex(fingerprint)},
                              {"channel", done.channel}});
        return describe(done.bound->answer.state);
    });
}

}  // namespace maildircrypt
