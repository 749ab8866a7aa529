#include "keyd/service_json.hpp"

#include "keyd/json_fields.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

using nlohmann::json;

json describe_key(const EncryptionSubkey& subkey) {
    return {{"fingerprint", to_hex(subkey.key.fingerprint)},
            {"created", subkey.key.created},
            {"expires", subkey.key.expires},
            {"revoked", subkey.revoked}};
}

}  // namespace

ApiReply json_reply(unsigned status, const json& object) {
    return {status, object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"};
}

json describe_certificate(const Certificate& certificate) {
    json keys = json::array();
    for (const auto& subkey : certificate.encryption_keys) keys.push_back(describe_key(subkey));
    return {{"fingerprint", to_hex(certificate.fingerprint)},
            {"created", certificate.created},
            {"expires", certificate.expires},
            {"revoked", certificate.revoked},
            {"user_ids", certificate.user_ids},
            {"encryption_keys", std::move(keys)}};
}

json describe_binding(const EntryName& name, const Binding& binding, const CompiledAnswer& answer) {
    json certificates = json::array();
    for (const auto& certificate : binding.certificates)
        certificates.push_back(describe_certificate(certificate));
    json recognise = json::array();
    for (const auto& fingerprint : binding.recognise) recognise.push_back(to_hex(fingerprint));
    json lost = json::array();
    for (const auto& fingerprint : binding.lost) lost.push_back(to_hex(fingerprint));
    return {{"address", name.text()},
            {"lost", std::move(lost)},
            {"targets", describe_names(binding.targets)},
            {"state", token_of(answer.state)},
            {"expires", answer.expires},
            {"sealed_to", answer.keys},
            {"certificates", std::move(certificates)},
            {"recognise", std::move(recognise)}};
}

json describe_names(const std::vector<EntryName>& names) {
    json list = json::array();
    for (const auto& name : names) list.push_back(name.text());
    return list;
}

json describe_entry(const ListedEntry& entry) {
    json object{{"address", entry.name.text()},
                {"state", token_of(entry.state)},
                {"expires", entry.expires}};
    if (!entry.targets.empty()) object["targets"] = describe_names(entry.targets);
    return object;
}

json next_page(const std::vector<ListedEntry>& listed, std::size_t limit) {
    return listed.size() == limit ? json(listed.back().name.text()) : json(nullptr);
}

std::string list_sealed_to(const std::string& resolved) {
    const json object = json::parse('{' + resolved + '}', nullptr, false);
    JsonFields fields{object};
    std::vector<std::string> fingerprints;
    for (const auto& key : fields.list("seal_to"))
        fingerprints.push_back(JsonFields{key}.text("fingerprint"));
    std::sort(fingerprints.begin(), fingerprints.end());
    std::string text;
    for (const auto& fingerprint : fingerprints) text += (text.empty() ? "" : " ") + fingerprint;
    return text;
}

json describe_change(const LoggedChange& change) {
    json object{{"sequence", change.sequence},
                {"time", change.time},
                {"channel", change.channel},
                {"action", change.action},
                {"hash", change.hash},
                {"address", nullptr},
                {"keys", nullptr}};
    if (change.address) object["address"] = *change.address;
    if (change.keys) object["keys"] = *change.keys;
    return object;
}

}  // namespace maildircrypt
