#include "keyd/alias_union.hpp"

#include <algorithm>
#include <array>

namespace maildircrypt {
namespace {

using nlohmann::json;

/// The state that counts is the first of these that a target has.
constexpr std::array by_weight{KeyState::sealable, KeyState::expired, KeyState::revoked,
                               KeyState::tombstone, KeyState::no_key};

json parse_members(std::string_view members) {
    return json::parse('{' + std::string{members} + '}', nullptr, false);
}

std::string fingerprint_in(const json& item) {
    if (item.is_string()) return item.get<std::string>();
    const auto found = item.is_object() ? item.find("fingerprint") : item.end();
    return found != item.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

void AliasUnion::note(KeyState state) {
    const auto weight = [](KeyState one) {
        return std::find(by_weight.begin(), by_weight.end(), one);
    };
    if (!state_ || weight(state) < weight(*state_)) state_ = state;
}

bool AliasUnion::gather(const json& object, const char* list, Keys& keys) {
    const auto found = object.is_object() ? object.find(list) : object.end();
    if (!object.is_object() || found == object.end() || !found->is_array()) return false;
    for (const json& item : *found) {
        std::string fingerprint = fingerprint_in(item);
        if (fingerprint.empty()) return false;
        keys.emplace(std::move(fingerprint), item);
    }
    return true;
}

bool AliasUnion::add(KeyState state, std::string_view answer) {
    note(state);
    const json object = parse_members(answer);
    return gather(object, "seal_to", seal_to_) && gather(object, "recognise", recognise_);
}

bool AliasUnion::add_recovery(std::string_view recovery) {
    return gather(parse_members(recovery), "recovery", recovery_);
}

KeyState AliasUnion::state() const {
    return state_.value_or(KeyState::tombstone);
}

std::string AliasUnion::text() const {
    const auto values = [](const Keys& keys) {
        json list = json::array();
        for (const auto& [fingerprint, value] : keys) list.push_back(value);
        return list;
    };
    const json object{{"recognise", values(recognise_)},
                      {"recovery", seal_to_.empty() ? json::array() : values(recovery_)},
                      {"seal_to", values(seal_to_)},
                      {"state", token_of(state())}};
    const std::string text = object.dump();
    return text.substr(1, text.size() - 2);
}

}  // namespace maildircrypt
