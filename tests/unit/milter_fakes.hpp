/// What milter tests stand on: an MTA that edits as Postfix does, macros, keys that mail can be
/// sealed to, and a keyd that answers as told.
#pragma once

#include "milter/mta.hpp"
#include "milter/service.hpp"
#include "seal/ascii.hpp"
#include "seal/fingerprint.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace maildircrypt {

/// Edits a message as Postfix's cleanup(8) does: its own Received field stands first, is not
/// counted when a field is changed or removed, and is counted when one is inserted.
class FakeMta : public MessageEditor {
public:
    using Field = std::pair<std::string, std::string>;

    FakeMta(std::vector<Field> passed, std::string body)
        : fields_(std::move(passed)), body_(std::move(body)) {
        fields_.insert(fields_.begin(), {"Received", " from client by mx"});
    }

    Result<void> change_field(const std::string& name, std::size_t index,
                              const std::string& value) override {
        note("field");
        fields_.at(find(name, index)).second = value;
        return outcome();
    }
    Result<void> remove_field(const std::string& name, std::size_t index) override {
        note("field");
        fields_.erase(fields_.begin() + static_cast<std::ptrdiff_t>(find(name, index)));
        return outcome();
    }
    Result<void> insert_field(std::size_t index, const std::string& name,
                              const std::string& value) override {
        note("field");
        BOOST_REQUIRE(index <= fields_.size());
        fields_.insert(fields_.begin() + static_cast<std::ptrdiff_t>(index), {name, value});
        return outcome();
    }
    Result<void> append_field(const std::string& name, const std::string& value) override {
        note("field");
        fields_.emplace_back(name, value);
        return outcome();
    }
    Result<void> replace_body(std::string_view piece) override {
        BOOST_TEST(piece.size() <= max_body_piece);
        BOOST_TEST(!piece.empty());
        if (!replaced_) body_.clear();
        replaced_ = true;
        note("body");
        body_ += piece;
        return outcome();
    }

    /// All fields but the MTA's own, as they would be sent.
    std::string header() const {
        std::string text;
        for (std::size_t i = 1; i < fields_.size(); ++i) {
            text += fields_[i].first + ':';
            for (const char c : fields_[i].second) text += c == '\n' ? "\r\n" : std::string{c};
            text += "\r\n";
        }
        return text;
    }
    std::vector<std::string> values(std::string_view name) const {
        std::vector<std::string> found;
        for (std::size_t i = 1; i < fields_.size(); ++i)
            if (same_name(fields_[i].first, name)) found.push_back(fields_[i].second);
        return found;
    }
    const std::string& body() const { return body_; }
    bool edited() const { return !last_.empty(); }
    bool replaced() const { return replaced_; }
    int body_runs() const { return body_runs_; }  ///< uninterrupted series of replaced pieces
    void fail_after(int edits) { edits_left_ = edits; }

private:
    void note(const std::string& kind) {
        if (kind == "body" && last_ != "body") ++body_runs_;
        last_ = kind;
    }
    Result<void> outcome() {
        if (edits_left_-- == 0) return retry("the MTA went away");
        return {};
    }
    std::size_t find(const std::string& name, std::size_t index) const {
        for (std::size_t i = 1; i < fields_.size(); ++i)
            if (same_name(fields_[i].first, name) && --index == 0) return i;
        BOOST_FAIL("no such field: " + name);
        return 0;
    }

    std::vector<Field> fields_;
    std::string body_;
    std::string last_;
    bool replaced_ = false;
    int body_runs_ = 0;
    int edits_left_ = -1;
};

class FakeMacros : public Macros {
public:
    FakeMacros() = default;
    FakeMacros(std::initializer_list<std::pair<const std::string, std::string>> values)
        : values_(values) {}
    std::optional<std::string_view> find(const char* name) const override {
        const auto found = values_.find(name);
        if (found == values_.end()) return std::nullopt;
        return found->second;
    }

private:
    std::map<std::string, std::string> values_;
};

/// A Curve25519 key as it stands in a certificate, RFC 6637 §9; `number` makes it another key.
inline EncryptionKey sealable_key(std::uint8_t number = 1) {
    OctetString packet{4, 0x60, 0, 0, number, 18};
    packet.insert(packet.end(), {10, 0x2b, 6, 1, 4, 1, 0x97, 0x55, 1, 5, 1});
    packet.insert(packet.end(), {0x01, 0x07, 0x40, 9});
    packet.resize(packet.size() + 31);
    packet.insert(packet.end(), {3, 1, 8, 9});
    EncryptionKey key;
    key.fingerprint = fingerprint_of(packet);
    key.packet = std::move(packet);
    return key;
}

inline RecipientKeys keys_in(KeyState state, std::uint8_t number = 1) {
    RecipientKeys keys;
    keys.state = state;
    if (state == KeyState::sealable || state == KeyState::expired) {
        keys.plan.seal_to = {sealable_key(number)};
        keys.plan.recognise = {keys.plan.seal_to.front().fingerprint};
    }
    keys.log = {7, std::string(64, 'a')};
    return keys;
}

/// Everything that a session needs, to be arranged before it is made.
struct FakeService {
    MilterPolicy policy;
    SealOptions seal;
    CryptoContext crypto = std::move(*CryptoContext::create());
    std::map<std::string, RecipientKeys> keys;
    bool keyd_fails = false;
    int lookups = 0;
    std::size_t max_messages = 3;
    std::size_t max_octets = 100'000'000;
    KeyLookup lookup = [this](const Address& address) -> Result<RecipientKeys> {
        ++lookups;
        if (keyd_fails) return retry("keyd is away");
        const auto found = keys.find(address.text());
        return found != keys.end() ? found->second : keys_in(KeyState::no_key);
    };
    Log log{Log::Target::standard_error, "test"};
    SpillBudget spill{1024 * 1024, "/tmp"};
    Admissions admissions{max_messages, max_octets};
    MilterService service{policy, seal, crypto, lookup, log, spill, admissions};

    FakeService() {
        seal.host = "mx.test";
        seal.keep_original = false;
        policy.keys.domains = {"ours.test"};
        policy.own_networks = *Networks::parse("127.0.0.0/8, 192.0.2.0/24");
    }
    void add(const std::string& address, KeyState state, std::uint8_t number = 1) {
        keys[address] = keys_in(state, number);
    }
};

}  // namespace maildircrypt
