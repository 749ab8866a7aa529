/// Reads the members of a JSON object that has to look exactly as expected, without exceptions.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace maildircrypt {

/// A member that is missing or of another type makes ok() false for good and reads as empty. The
/// object outlives its reader.
class JsonFields {
public:
    explicit JsonFields(const nlohmann::json& object) : object_(object), ok_(object.is_object()) {}

    bool ok() const { return ok_; }
    void fail() { ok_ = false; }
    /// Zero or more: times, sequences, revisions.
    std::int64_t natural(const char* name) {
        const auto& value = member(name);
        if (value.is_number_unsigned()) {
            const auto number = value.get<std::uint64_t>();
            if (number <= std::uint64_t{std::numeric_limits<std::int64_t>::max()})
                return static_cast<std::int64_t>(number);
        }
        fail();
        return 0;
    }
    bool flag(const char* name) {
        const auto& value = member(name);
        if (!value.is_boolean()) fail();
        return value.is_boolean() && value.get<bool>();
    }
    std::string text(const char* name) {
        const auto& value = member(name);
        if (!value.is_string()) fail();
        return value.is_string() ? value.get<std::string>() : std::string{};
    }
    const nlohmann::json& list(const char* name) {
        const auto& value = member(name);
        if (!value.is_array()) fail();
        return value.is_array() ? value : nothing_;
    }
    const nlohmann::json& object(const char* name) {
        const auto& value = member(name);
        if (!value.is_object()) fail();
        return value;
    }

private:
    const nlohmann::json& member(const char* name) {
        const auto found = ok_ ? object_.find(name) : object_.end();
        if (!ok_ || found == object_.end()) {
            fail();
            return nothing_;
        }
        return *found;
    }

    const nlohmann::json& object_;
    const nlohmann::json nothing_ = nlohmann::json::array();
    bool ok_;
};

}  // namespace maildircrypt
