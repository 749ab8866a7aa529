#include "keyd/compiled_answer.hpp"

#include "keyd/encoding.hpp"
#include "keyd/key_log.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace maildircrypt {
namespace {

using nlohmann::json;

void note_change(std::int64_t time, std::int64_t now, std::int64_t& next) {
    if (time > now) next = std::min(next, time);
}

/// When the clock changes what the certificates say: something begins or ends to be valid.
std::int64_t next_change(const std::vector<Certificate>& certificates, std::int64_t now) {
    std::int64_t next = forever;
    for (const auto& certificate : certificates) {
        note_change(certificate.created, now, next);
        note_change(certificate.expires, now, next);
        for (const auto& subkey : certificate.encryption_keys) {
            note_change(subkey.key.created, now, next);
            note_change(subkey.key.expires, now, next);
        }
    }
    return next;
}

/// When the last of the keys expires; 0 when one never does, or there is none.
std::int64_t last_expiry(const std::vector<EncryptionKey>& keys) {
    std::int64_t last = 0;
    for (const auto& key : keys) {
        if (key.expires == 0) return 0;
        last = std::max(last, key.expires);
    }
    return last;
}

json write_key(const EncryptionKey& key) {
    return {{"fingerprint", to_hex(key.fingerprint)},
            {"created", key.created},
            {"expires", key.expires},
            {"seipd2", key.seipd2},
            {"packet", base64_text(key.packet)}};
}

/// JSON members without the braces around them.
std::string members_of(const json& object) {
    const std::string text = object.dump();
    return text.substr(1, text.size() - 2);
}

json write_keys(const std::vector<EncryptionKey>& keys) {
    json list = json::array();
    for (const auto& key : keys) list.push_back(write_key(key));
    return list;
}

std::string write_members(const RecipientKeys& keys) {
    json recognise = json::array();
    for (const auto& fingerprint : keys.plan.recognise) recognise.push_back(to_hex(fingerprint));
    return members_of({{"state", token_of(keys.state)},
                       {"seal_to", write_keys(keys.plan.seal_to)},
                       {"recognise", std::move(recognise)}});
}

bool is_lost(const Binding& binding, const Fingerprint& fingerprint) {
    return std::find(binding.lost.begin(), binding.lost.end(), fingerprint) != binding.lost.end();
}

/// Certificates without their lost subkeys; those of which nothing is left go.
std::vector<Certificate> without_lost(const Binding& binding) {
    std::vector<Certificate> certificates;
    for (Certificate certificate : binding.certificates) {
        const auto lost = [&binding](const EncryptionSubkey& subkey) {
            return is_lost(binding, subkey.key.fingerprint);
        };
        const bool touched = std::erase_if(certificate.encryption_keys, lost) > 0;
        if (touched && certificate.encryption_keys.empty()) continue;
        certificates.push_back(std::move(certificate));
    }
    return certificates;
}

}  // namespace

void remember_subkeys(Binding& binding) {
    auto& known = binding.recognise;
    for (const auto& certificate : binding.certificates)
        for (const auto& subkey : certificate.encryption_keys)
            if (std::find(known.begin(), known.end(), subkey.key.fingerprint) == known.end())
                known.push_back(subkey.key.fingerprint);
}

CompiledAnswer compile_answer(const EntryName& name, const Binding& binding, std::int64_t now,
                              bool all_subkeys) {
    const std::vector<Certificate> certificates = without_lost(binding);
    RecipientKeys keys = compile_plan(certificates, now, all_subkeys);
    if (keys.state == KeyState::no_key && binding.version != 0) keys.state = KeyState::tombstone;
    keys.plan.recognise = binding.recognise;
    CompiledAnswer answer;
    answer.text = name.kind() == EntryKind::recovery
                      ? members_of({{"recovery", write_keys(keys.plan.seal_to)}})
                      : write_members(keys);
    answer.state = keys.state;
    answer.valid_until = next_change(certificates, now);
    answer.expires = last_expiry(keys.plan.seal_to);
    answer.keys = list_fingerprints(keys.plan.seal_to);
    return answer;
}

std::string render_stamp(const StoreStamp& stamp) {
    return "\"store\":{\"id\":\"" + stamp.id + "\",\"revision\":" + std::to_string(stamp.revision) +
           "},\"log\":{\"sequence\":" + std::to_string(stamp.log.sequence) + ",\"head\":\"" +
           stamp.log.head + "\"}";
}

}  // namespace maildircrypt
