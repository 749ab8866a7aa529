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
std::string write_members(const Address& address, const RecipientKeys& keys) {
    json seal_to = json::array();
    for (const auto& key : keys.plan.seal_to) seal_to.push_back(write_key(key));
    json recognise = json::array();
    for (const auto& fingerprint : keys.plan.recognise) recognise.push_back(to_hex(fingerprint));
    const json object{{"address", address.text()},
                      {"state", name_of(keys.state)},
                      {"seal_to", std::move(seal_to)},
                      {"recognise", std::move(recognise)}};
    const std::string text = object.dump();
    return text.substr(1, text.size() - 2);
}

}  // namespace

void remember_subkeys(Binding& binding) {
    auto& known = binding.recognise;
    for (const auto& certificate : binding.certificates)
        for (const auto& subkey : certificate.encryption_keys)
            if (std::find(known.begin(), known.end(), subkey.key.fingerprint) == known.end())
                known.push_back(subkey.key.fingerprint);
}

CompiledAnswer compile_answer(const Address& address, const Binding& binding, std::int64_t now,
                              bool all_subkeys) {
    RecipientKeys keys;
    if (binding.version != 0 || !binding.certificates.empty()) keys.state = KeyState::tombstone;
    if (!binding.certificates.empty()) {
        keys = compile_plan(binding.certificates, now, all_subkeys);
        if (keys.state == KeyState::no_key) keys.state = KeyState::tombstone;
    }
    keys.plan.recognise = binding.recognise;
    CompiledAnswer answer;
    answer.text = write_members(address, keys);
    answer.state = keys.state;
    answer.valid_until = next_change(binding.certificates, now);
    answer.expires = last_expiry(keys.plan.seal_to);
    answer.keys = list_fingerprints(keys.plan.seal_to);
    return answer;
}

std::string render_stamp(const StoreStamp& stamp) {
    return "\"store\":{\"id\":\"" + stamp.id + "\",\"revision\":" + std::to_string(stamp.revision) +
           "},\"log\":{\"sequence\":" + std::to_string(stamp.log.sequence) + ",\"head\":\"" +
           stamp.log.head + "\"}";
}

std::string render_answer(const Address& address, const StoredAnswer& answer) {
    std::string text;
    text.reserve(answer.text.size() + 256);
    text += '{' + render_stamp(answer.stamp) + ',';
    text += answer.known ? answer.text : write_members(address, RecipientKeys{});
    text += '}';
    return text;
}

}  // namespace maildircrypt
