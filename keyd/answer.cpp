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

bool read_plan(JsonFields& fields, KeyPlan& plan) {
    for (const auto& object : fields.list("seal_to"))
        if (!read_key(object, plan.seal_to.emplace_back())) return false;
    for (const auto& text : fields.list("recognise")) {
        const auto fingerprint =
            parse_fingerprint(text.is_string() ? text.get<std::string>() : std::string{});
        if (!fingerprint) return false;
        plan.recognise.push_back(*fingerprint);
    }
    return fields.ok();
}

/// The promises of RecipientKeys, and that every key sealed to is recognised later.
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

std::string_view name_of(KeyState state) {
    switch (state) {
        case KeyState::sealable:
            return "sealable";
        case KeyState::expired:
            return "expired";
        case KeyState::revoked:
            return "revoked";
        case KeyState::tombstone:
            return "tombstone";
        case KeyState::no_key:
            return "no_key";
    }
    return "";
}

std::optional<KeyState> parse_key_state(std::string_view name) {
    for (const KeyState state : {KeyState::sealable, KeyState::expired, KeyState::revoked,
                                 KeyState::tombstone, KeyState::no_key})
        if (name == name_of(state)) return state;
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
    if (!fits_together(answer.keys)) return retry("keyd's answer contradicts itself");
    return answer;
}

}  // namespace maildircrypt
