#include "keyd/answer.hpp"

#include "keyd/encoding.hpp"
#include "keyd/json_fields.hpp"
#include "seal/fingerprint.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace maildircrypt {
namespace {

using nlohmann::json;

constexpr std::size_t max_key_packet = 8383;  // octets; no stored packet is longer

bool read_key(const json& object, EncryptionKey& key) {
    JsonFields fields{object};
    const auto fingerprint = parse_fingerprint(fields.text("fingerprint"));
    auto packet = parse_base64(fields.text("packet"));
    key.created = fields.natural("created");
    key.expires = fields.natural("expires");
    key.seipd2 = fields.flag("seipd2");
    if (!fields.ok() || !fingerprint || !packet) return false;
    if (packet->empty() || packet->size() > max_key_packet) return false;
    key.fingerprint = *fingerprint;
    key.packet = std::move(*packet);
    return fingerprint_of(key.packet) == key.fingerprint;
}

/// Of keys that stand in both lists one is enough.
void add_recovery(KeyPlan& plan, std::vector<EncryptionKey> keys) {
    for (EncryptionKey& key : keys) {
        const auto same = [&key](const EncryptionKey& other) {
            return other.fingerprint == key.fingerprint;
        };
        if (std::none_of(plan.seal_to.begin(), plan.seal_to.end(), same))
            plan.seal_to.push_back(std::move(key));
    }
}

bool read_keys(const json& list, std::vector<EncryptionKey>& keys) {
    return std::all_of(list.begin(), list.end(), [&keys](const json& object) {
        return read_key(object, keys.emplace_back());
    });
}

bool read_plan(JsonFields& fields, KeyPlan& plan) {
    if (!read_keys(fields.list("seal_to"), plan.seal_to)) return false;
    for (const auto& text : fields.list("recognise")) {
        const auto fingerprint =
            parse_fingerprint(text.is_string() ? text.get<std::string>() : std::string{});
        if (!fingerprint) return false;
        plan.recognise.push_back(*fingerprint);
    }
    return fields.ok();
}

/// The promises of RecipientKeys, and that every key sealed to is recognised later. Recovery keys
/// are not: mail that is encrypted to them alone is sealed, since its recipient cannot read it.
bool fits_together(const RecipientKeys& keys) {
    const bool seals = keys.state == KeyState::sealable || keys.state == KeyState::expired;
    if (seals == keys.plan.seal_to.empty()) return false;
    return std::all_of(keys.plan.seal_to.begin(), keys.plan.seal_to.end(),
                       [&keys](const EncryptionKey& key) {
                           const auto& recognise = keys.plan.recognise;
                           return std::find(recognise.begin(), recognise.end(), key.fingerprint) !=
                                  recognise.end();
                       });
}

}  // namespace

bool read_stamp(JsonFields& fields, StoreStamp& stamp) {
    JsonFields store{fields.object("store")};
    stamp.id = store.text("id");
    stamp.revision = store.natural("revision");
    JsonFields log{fields.object("log")};
    stamp.log.sequence = log.natural("sequence");
    stamp.log.head = log.text("head");
    return store.ok() && log.ok() && is_lower_hex(stamp.id, store_id_length) &&
           is_lower_hex(stamp.log.head, log_head_length);
}

std::optional<KeyState> parse_key_state(std::string_view name) {
    for (const KeyState state : {KeyState::sealable, KeyState::expired, KeyState::revoked,
                                 KeyState::tombstone, KeyState::no_key})
        if (name == token_of(state)) return state;
    return std::nullopt;
}

Result<Answer> read_answer(std::string_view text, const Address& address) {
    if (text.size() > max_answer) return retry("keyd's answer is too long");
    const json object = json::parse(text, nullptr, false);
    JsonFields fields{object};
    Answer answer;
    if (!read_stamp(fields, answer.stamp)) return retry("keyd's answer has no valid stamp");
    if (fields.text("address") != address.text())
        return retry("keyd's answer is about another address");
    const auto state = parse_key_state(fields.text("state"));
    if (!state) return retry("keyd's answer has no valid state");
    answer.keys.state = *state;
    answer.keys.log = answer.stamp.log;
    if (!read_plan(fields, answer.keys.plan)) return retry("keyd's answer has no valid key plan");
    std::vector<EncryptionKey> recovery;
    if (!read_keys(fields.list("recovery"), recovery) || !fields.ok())
        return retry("keyd's answer has no valid recovery keys");
    if (!fits_together(answer.keys) || (answer.keys.plan.seal_to.empty() && !recovery.empty()))
        return retry("keyd's answer contradicts itself");
    add_recovery(answer.keys.plan, std::move(recovery));
    return answer;
}

}  // namespace maildircrypt
