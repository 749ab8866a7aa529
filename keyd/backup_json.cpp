#include "keyd/backup_json.hpp"

#include "keyd/alias_targets.hpp"
#include "keyd/certificate_json.hpp"
#include "keyd/encoding.hpp"
#include "keyd/json_fields.hpp"
#include "keyd/log_chain.hpp"
#include "keyd/packets.hpp"
#include "seal/fingerprint.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

using nlohmann::json;

json write_fingerprints(const std::vector<Fingerprint>& fingerprints) {
    json list = json::array();
    for (const auto& fingerprint : fingerprints) list.push_back(to_hex(fingerprint));
    return list;
}

std::vector<Fingerprint> read_fingerprints(JsonFields& fields, const char* name) {
    std::vector<Fingerprint> fingerprints;
    for (const auto& text : fields.list(name)) {
        const auto one = parse_fingerprint(text.is_string() ? text.get<std::string>() : "");
        if (!one) fields.fail();
        fingerprints.push_back(one.value_or(Fingerprint{}));
    }
    return fingerprints;
}

/// The key packets of a certificate, the primary one first; empty when it is none.
std::vector<OctetString> key_packets(Octets certificate) {
    std::vector<OctetString> found;
    PacketReader packets{certificate};
    for (;;) {
        auto packet = packets.next();
        if (!packet) return {};
        if (!*packet) return found;
        const bool primary = (*packet)->tag == PacketTag::public_key;
        if (primary != found.empty()) return {};  // exactly the first one
        const Octets body = (*packet)->body;
        if (primary || (*packet)->tag == PacketTag::public_subkey)
            found.emplace_back(body.begin(), body.end());
    }
}

bool is_genuine(const Certificate& certificate) {
    if (certificate.binary.size() > max_certificate) return false;
    const auto packets = key_packets(certificate.binary);
    if (packets.empty() || fingerprint_of(packets.front()) != certificate.fingerprint) return false;
    return std::all_of(certificate.encryption_keys.begin(), certificate.encryption_keys.end(),
                       [&packets](const EncryptionSubkey& subkey) {
                           const auto& key = subkey.key;
                           return std::find(packets.begin(), packets.end(), key.packet) !=
                                      packets.end() &&
                                  fingerprint_of(key.packet) == key.fingerprint;
                       });
}

bool read_certificates(JsonFields& fields, Binding& binding) {
    for (const auto& object : fields.list("certificates")) {
        JsonFields certificate{object};
        const auto octets = parse_base64(certificate.text("octets"));
        if (!certificate.ok() || !octets || !object.contains("description")) return false;
        auto read = maildircrypt::read_certificate(object["description"].dump(), *octets);
        if (!read || !is_genuine(*read)) return false;
        binding.certificates.push_back(std::move(*read));
    }
    return true;
}

bool read_targets(JsonFields& fields, Binding& binding) {
    for (const auto& text : fields.list("targets")) {
        auto target = EntryName::parse(text.is_string() ? text.get<std::string>() : "");
        if (!target) return false;
        add_target(binding.targets, std::move(*target));
    }
    return true;
}

/// Only an entry without certificates of its own is an alias.
bool fits_together(const Binding& binding) {
    return binding.targets.empty() || binding.certificates.empty();
}

Sha256 read_hex(JsonFields& fields, const char* name) {
    auto hash = parse_hash(fields.text(name));
    if (!hash) fields.fail();
    return hash ? *hash : Sha256{};
}

}  // namespace

json write_entry(const StoredBinding& entry) {
    const Binding& binding = entry.binding;
    json certificates = json::array();
    for (const auto& certificate : binding.certificates)
        certificates.push_back({{"description", json::parse(write_certificate(certificate))},
                                {"octets", base64_text(certificate.binary)}});
    json targets = json::array();
    for (const auto& target : binding.targets) targets.push_back(target.text());
    return {{"name", entry.name.text()},
            {"version", binding.version},
            {"certificates", std::move(certificates)},
            {"recognise", write_fingerprints(binding.recognise)},
            {"lost", write_fingerprints(binding.lost)},
            {"targets", std::move(targets)}};
}

Result<StoredBinding> read_entry(const json& object) {
    JsonFields fields{object};
    const std::string text = fields.text("name");
    auto name = EntryName::parse(text);
    if (!name || !is_utf8(text)) return refuse("backup: an entry without a valid name");
    StoredBinding entry{std::move(*name), {}};
    Binding& binding = entry.binding;
    binding.version = fields.natural("version");
    binding.recognise = read_fingerprints(fields, "recognise");
    binding.lost = read_fingerprints(fields, "lost");
    if (!read_certificates(fields, binding) || !read_targets(fields, binding) || !fields.ok() ||
        !fits_together(binding))
        return refuse("backup: the entry " + text + " is damaged");
    return entry;
}

json write_row(const StoredLogRow& stored) {
    const LogRow& row = stored.row;
    json object{{"sequence", row.sequence},
                {"time", row.time},
                {"channel", row.channel},
                {"action", row.action},
                {"address", hex_text(row.address)},
                {"keys", hex_text(row.keys)},
                {"previous", hex_text(row.previous)},
                {"hash", hex_text(stored.hash)},
                {"openings", nullptr}};
    if (stored.openings)
        object["openings"] = {{"address", stored.openings->address.value},
                              {"address_salt", hex_text(stored.openings->address.salt)},
                              {"keys", stored.openings->keys.value},
                              {"keys_salt", hex_text(stored.openings->keys.salt)}};
    return object;
}

Result<StoredLogRow> read_row(const json& object) {
    JsonFields fields{object};
    StoredLogRow stored;
    LogRow& row = stored.row;
    row.sequence = fields.natural("sequence");
    row.time = fields.natural("time");
    row.channel = fields.text("channel");
    row.action = fields.text("action");
    row.address = read_hex(fields, "address");
    row.keys = read_hex(fields, "keys");
    row.previous = read_hex(fields, "previous");
    stored.hash = read_hex(fields, "hash");
    if (fields.ok() && object.contains("openings") && object["openings"].is_object()) {
        JsonFields openings{object["openings"]};
        stored.openings = {{read_hex(openings, "address_salt"), openings.text("address")},
                           {read_hex(openings, "keys_salt"), openings.text("keys")}};
        if (!openings.ok()) fields.fail();
    }
    if (!fields.ok()) return refuse("backup: a row of the key log is damaged");
    return stored;
}

}  // namespace maildircrypt
