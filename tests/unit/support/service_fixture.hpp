/// A key service over a real store, for tests of what it does.
#pragma once

#include "keyd/key_service.hpp"
#include "keyd/sqlite_store.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <pwd.h>

namespace maildircrypt::test {

using nlohmann::json;

inline constexpr Caller root{0, true};
inline constexpr Caller stranger{54321, false};

/// A service over a real store; certificates are the words SEED or SEED:EXPIRES, taken at face
/// value.
struct ServiceFixture {
    TemporaryDirectory directory;
    const std::string made = init_sqlite_store(directory / "keys.db").value();
    std::unique_ptr<Store> store{std::move(open_sqlite_store(directory / "keys.db").value())};
    std::unique_ptr<StoreReader> reader{std::move(store->open_reader().value())};
    const Ownership ownership{Ownership::create({"sealed.test"}, "").value()};
    const Log log{Log::Target::syslog, "unit-tests"};
    std::int64_t now = 1000;
    std::function<void()> meanwhile = [] {};
    const Caller daemon{::getpwnam("daemon")->pw_uid, false};
    KeyService service{{*store,
                        ownership,
                        log,
                        [this](std::string_view upload, const Address&, bool any_user_id,
                               std::span<const OctetString> stored,
                               std::int64_t) { return accept(upload, any_user_id, stored); },
                        [this] { return now; },
                        {"+", false}}};
    bool saw_any_user_id = false;
    std::size_t saw_stored = 0;

    Result<Certificate> accept(std::string_view upload, bool any_user_id,
                               std::span<const OctetString> stored) {
        saw_any_user_id = any_user_id;
        saw_stored = stored.size();
        meanwhile();
        if (upload == "bad") return refuse("that is bad: make it good");
        if (upload == "broken") return retry("gpg is gone");
        const std::size_t colon = std::min(upload.find(':'), upload.size());
        const std::string seed{upload.substr(0, colon)};
        Certificate made_up = certificate(
            seed, colon < upload.size() ? std::stol(std::string{upload.substr(colon + 1)}) : 0);
        if (seed == "revoked") made_up.revoked = made_up.encryption_keys[0].revoked = true;
        return made_up;
    }

    static ApiRequest request(std::string_view method, std::string_view target) {
        return std::get<ApiRequest>(parse_request(method, target));
    }
    ApiReply serve(std::string_view method, std::string_view target, const Caller& caller = root,
                   std::string_view body = "") {
        return service.serve(request(method, target), caller, body);
    }
    ApiReply add(const std::string& who, std::string_view body, const Caller& caller = root) {
        return serve("POST", "/v1/addresses/" + who + "/certificates", caller, body);
    }
    json look_up(const std::string& who) {
        const auto reply = service.answer(request("GET", "/v1/lookup/" + who), *reader);
        BOOST_TEST(reply.status == 200U);
        return json::parse(reply.body);
    }
    std::string state(const std::string& who) { return look_up(who)["state"]; }
    ApiReply alias(const std::string& who, const std::vector<std::string>& targets) {
        return serve("PUT", "/v1/addresses/" + who + "/alias", root,
                     json{{"targets", targets}}.dump());
    }
    /// The fingerprints that mail is sealed to, or that stand in another list of the answer.
    std::set<std::string> keys(const std::string& who, const char* list = "seal_to") {
        std::set<std::string> fingerprints;
        const json answer = look_up(who);
        for (const auto& key : answer[list])
            fingerprints.insert(key.is_string() ? key : key["fingerprint"]);
        return fingerprints;
    }
    static std::set<std::string> keys_of(const std::vector<std::string>& seeds) {
        std::set<std::string> fingerprints;
        for (const auto& seed : seeds)
            fingerprints.insert(to_hex(encryption_key(seed).fingerprint));
        return fingerprints;
    }
    static std::string code(const ApiReply& reply) {
        return json::parse(reply.body).value("/error/code"_json_pointer, "");
    }
};

}  // namespace maildircrypt::test
