/// What an alias stands for: the union of what its targets answer.
#pragma once

#include "keyd/store.hpp"

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace maildircrypt {

/// Gathers the answers of an alias's targets. Mail to the alias goes to all of them, so it is
/// sealed to the keys of all that have any. It is
///   sealable, or else expired   when one target is
///   revoked, or else tombstone  when one target is, and none has a key that could be sealed to
///   no_key                      only when no target has, or had, a key
/// and a tombstone when there is no target at all.
class AliasUnion {
public:
    /// `answer` is CompiledAnswer::text. False when it is damaged.
    bool add(KeyState state, std::string_view answer);
    /// A target that no entry answers for.
    void add_keyless() { note(KeyState::no_key); }
    /// `recovery` is the text of a recovery entry. False when it is damaged.
    bool add_recovery(std::string_view recovery);

    KeyState state() const;
    /// JSON members `recognise`, `recovery`, `seal_to` and `state`, without braces.
    std::string text() const;

private:
    using Keys = std::map<std::string, nlohmann::json>;  ///< by fingerprint
    void note(KeyState state);
    static bool gather(const nlohmann::json& object, const char* list, Keys& keys);

    std::optional<KeyState> state_;
    Keys seal_to_;
    Keys recovery_;
    Keys recognise_;
};

}  // namespace maildircrypt
