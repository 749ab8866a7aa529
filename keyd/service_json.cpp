#include "keyd/service_json.hpp"

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
    return {{"address", name.text()},
            {"state", token_of(answer.state)},
            {"expires", answer.expires},
            {"sealed_to", answer.keys},
            {"certificates", std::move(certificates)},
            {"recognise", std::move(recognise)}};
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
