#include "keyd/transferable_key.hpp"

#include "keyd/certificate.hpp"
#include "keyd/packets.hpp"

#include <algorithm>
#include <string>

namespace maildircrypt {
namespace {

void append(OctetString& out, PacketTag tag, const SignedComponent& component) {
    append_packet(out, tag, component.body);
    for (const OctetString& signature : component.signatures)
        append_packet(out, PacketTag::signature, signature);
}

Error too_many(const std::string& what, std::size_t count, std::size_t limit) {
    return refuse(
        "the certificate has " + std::to_string(count) + " " + what + ", at most " +
        std::to_string(limit) +
        " are taken; remove what is no longer used with gpg --edit-key and export it with "
        "gpg --armor --export-options export-minimal --export ADDRESS");
}

}  // namespace

OctetString serialise(const TransferableKey& key) {
    OctetString out;
    append(out, PacketTag::public_key, key.primary);
    for (const SignedComponent& user_id : key.user_ids) append(out, PacketTag::user_id, user_id);
    for (const SignedComponent& subkey : key.subkeys) append(out, PacketTag::public_subkey, subkey);
    return out;
}

void add_signature(SignedComponent& component, OctetString signature) {
    auto& signatures = component.signatures;
    if (std::find(signatures.begin(), signatures.end(), signature) == signatures.end())
        signatures.push_back(std::move(signature));
}

void add_component(std::vector<SignedComponent>& components, SignedComponent component) {
    const auto same = std::find_if(components.begin(), components.end(),
                                   [&](const auto& other) { return other.body == component.body; });
    if (same == components.end()) {
        components.push_back(std::move(component));
        return;
    }
    for (OctetString& signature : component.signatures) add_signature(*same, std::move(signature));
}

void merge(TransferableKey& into, const TransferableKey& from) {
    for (const OctetString& signature : from.primary.signatures)
        add_signature(into.primary, signature);
    for (const SignedComponent& user_id : from.user_ids) add_component(into.user_ids, user_id);
    for (const SignedComponent& subkey : from.subkeys) add_component(into.subkeys, subkey);
    into.names_revoker = into.names_revoker || from.names_revoker;
    into.revoked_by_other = into.revoked_by_other || from.revoked_by_other;
}

Result<void> check_revokers(const TransferableKey& key) {
    if (!key.names_revoker || !key.revoked_by_other) return {};
    return refuse(
        "it is revoked by another key, as its designated revoker may do, which cannot be checked "
        "here; make a new key. If mail is sealed to it already, end that with keyd-cli lost-key "
        "ADDRESS");
}

Result<void> check_limits(const TransferableKey& key) {
    if (key.user_ids.size() > max_user_ids)
        return too_many("user ids", key.user_ids.size(), max_user_ids);
    if (key.subkeys.size() > max_subkeys)
        return too_many("subkeys", key.subkeys.size(), max_subkeys);
    const std::size_t size = serialise(key).size();
    if (size > max_certificate)
        return too_many("octets even without other people's signatures", size, max_certificate);
    return {};
}

}  // namespace maildircrypt
