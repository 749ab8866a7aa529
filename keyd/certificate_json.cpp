#include "keyd/certificate_json.hpp"

#include "keyd/encoding.hpp"
#include "keyd/json_fields.hpp"

#include <nlohmann/json.hpp>

namespace maildircrypt {
namespace {

using nlohmann::json;

json write_key(const EncryptionSubkey& subkey) {
    return {{"fingerprint", to_hex(subkey.key.fingerprint)},
            {"packet", base64_text(subkey.key.packet)},
            {"created", subkey.key.created},
            {"expires", subkey.key.expires},
            {"seipd2", subkey.key.seipd2},
            {"revoked", subkey.revoked}};
}

Fingerprint read_fingerprint(JsonFields& fields) {
    const auto fingerprint = parse_fingerprint(fields.text("fingerprint"));
    if (!fingerprint) fields.fail();
    return fingerprint.value_or(Fingerprint{});
}

bool read_key(const json& object, EncryptionSubkey& subkey) {
    JsonFields fields{object};
    subkey.key.fingerprint = read_fingerprint(fields);
    auto packet = parse_base64(fields.text("packet"));
    if (!packet) return false;
    subkey.key.packet = std::move(*packet);
    subkey.key.created = fields.natural("created");
    subkey.key.expires = fields.natural("expires");
    subkey.key.seipd2 = fields.flag("seipd2");
    subkey.revoked = fields.flag("revoked");
    return fields.ok();
}

bool read_object(const json& object, Certificate& certificate) {
    JsonFields fields{object};
    certificate.fingerprint = read_fingerprint(fields);
    certificate.created = fields.natural("created");
    certificate.expires = fields.natural("expires");
    certificate.revoked = fields.flag("revoked");
    for (const auto& user_id : fields.list("user_ids")) {
        if (!user_id.is_string()) return false;
        certificate.user_ids.push_back(user_id.get<std::string>());
    }
    for (const auto& text : fields.list("addresses")) {
        auto address = Address::parse(text.is_string() ? text.get<std::string>() : std::string{});
        if (!address) return false;
        certificate.addresses.push_back(std::move(*address));
    }
    for (const auto& key : fields.list("encryption_keys"))
        if (!read_key(key, certificate.encryption_keys.emplace_back())) return false;
    return fields.ok();
}

}  // namespace

std::string write_certificate(const Certificate& certificate) {
    json keys = json::array();
    for (const auto& subkey : certificate.encryption_keys) keys.push_back(write_key(subkey));
    json addresses = json::array();
    for (const auto& address : certificate.addresses)
        if (is_utf8(address.text())) addresses.push_back(address.text());
    const json object{{"fingerprint", to_hex(certificate.fingerprint)},
                      {"user_ids", certificate.user_ids},
                      {"addresses", std::move(addresses)},
                      {"created", certificate.created},
                      {"expires", certificate.expires},
                      {"revoked", certificate.revoked},
                      {"encryption_keys", std::move(keys)}};
    // User ids of old certificates may be Latin-1: what is not UTF-8 becomes U+FFFD; the octets
    // themselves stand in `binary`.
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Certificate> read_certificate(std::string_view text, Octets binary) {
    Certificate certificate;
    const json object = json::parse(text, nullptr, false);
    if (!read_object(object, certificate))
        return retry("store: a certificate's description is damaged");
    certificate.binary.assign(binary.begin(), binary.end());
    return certificate;
}

}  // namespace maildircrypt
