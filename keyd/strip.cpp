#include "keyd/strip.hpp"

#include "keyd/certificate.hpp"
#include "keyd/key_packet.hpp"
#include "keyd/packets.hpp"
#include "keyd/signature_packet.hpp"
#include "seal/fingerprint.hpp"

#include <algorithm>
#include <optional>

namespace maildircrypt {
namespace {

/// Octets gathered for one certificate, copies counted too, beyond which it is refused without
/// reading on. Twice what may be stored, so that most refusals can name the size that it has.
constexpr std::size_t max_gathered = 2 * max_certificate;
/// No signature counts as less: bounds their number, and so the time that comparing them takes.
constexpr std::size_t min_signature_cost = 128;
constexpr std::size_t algorithm_offset = 5;  // version, creation time: RFC 4880 §5.5.2

bool is_usable_user_id(Octets body) {
    return !body.empty() && body.size() <= max_user_id &&
           std::none_of(body.begin(), body.end(),
                        [](std::uint8_t octet) { return octet < 0x20 || octet == 0x7f; });
}

/// Why this primary key is none that can be used; empty when it is.
std::string refusal_of_primary(Octets body) {
    const int version = body.empty() ? 0 : body[0];
    if (version == 2 || version == 3)
        return "this is a version 3 key of the time of PGP 2, which is no longer safe; make a new "
               "one with gpg --quick-generate-key ADDRESS";
    if (version == 5 || version == 6)
        return "this is a version " + std::to_string(version) +
               " key, which gpg on this host cannot read; make a version 4 key (RFC 4880)";
    if (version != 4)
        return "the key has no version that is known; make a version 4 key (RFC 4880)";
    if (body.size() > algorithm_offset && !is_signing_algorithm(body[algorithm_offset]))
        return "gpg on this host cannot validate its primary key (public-key algorithm " +
               std::to_string(body[algorithm_offset]) +
               "); use RSA, ECDSA or EdDSA (ed25519) of RFC 4880";
    if (!is_well_formed_key(body))
        return "damaged certificate: its primary key is malformed; export it again (gpg --armor "
               "--export ADDRESS)";
    return {};
}

/// What an upload is when its first packet begins no certificate.
std::string describe_foreign(PacketTag tag) {
    switch (tag) {
        case PacketTag::public_session_key:
        case PacketTag::symmetric_session_key:
        case PacketTag::encrypted:
        case PacketTag::sealed:
        case PacketTag::gnupg_aead:
            return "an encrypted message";
        case PacketTag::signature:
            return "a signature";
        case PacketTag::one_pass_signature:
        case PacketTag::compressed:
        case PacketTag::literal:
            return "a message";
        default:
            return "a part of something else";
    }
}

Error not_a_certificate(PacketTag tag) {
    return refuse(
        "this is " + describe_foreign(tag) +
        ", not a certificate (public key); export one with: gpg --armor --export ADDRESS");
}

bool is_of_message(PacketTag tag) {
    return tag == PacketTag::compressed || tag == PacketTag::literal ||
           tag == PacketTag::encrypted || tag == PacketTag::sealed;
}

/// Where in a certificate the reader stands.
enum class Place { outside, primary, user_id, subkey, dropped };

class Stripper {
public:
    explicit Stripper(StrippedReceiver& receiver) : receiver_(receiver) {}
    Result<void> take(const Packet& packet);
    Result<void> finish();

private:
    void start_certificate(Octets body);
    void start_component(Place place, Octets body, bool usable);
    void end_component();
    void end_certificate();
    Result<void> take_outside(const Packet& packet);
    void take_signature(Octets body);
    void keep_signature(const SignaturePacket& signature);
    void gather(std::size_t octets);

    StrippedReceiver& receiver_;
    Place place_ = Place::outside;
    bool found_ = false;  ///< a certificate or a revocation
    std::optional<TransferableKey> key_;
    SignedComponent component_;
    std::size_t gathered_ = 0;
    std::string refusal_;
};

Result<void> Stripper::take(const Packet& packet) {
    switch (packet.tag) {
        case PacketTag::public_key:
            end_certificate();
            start_certificate(packet.body);
            return {};
        case PacketTag::user_id:
            start_component(Place::user_id, packet.body, is_usable_user_id(packet.body));
            return {};
        case PacketTag::public_subkey:
            start_component(Place::subkey, packet.body, is_well_formed_key(packet.body));
            return {};
        case PacketTag::user_attribute:
            start_component(Place::dropped, {}, false);
            return {};
        case PacketTag::signature:
            if (place_ == Place::outside) return take_outside(packet);
            take_signature(packet.body);
            return {};
        case PacketTag::marker:
        case PacketTag::trust:
        case PacketTag::padding:
            return {};
        default:
            break;
    }
    // Anything else inside a certificate is dropped, private and unknown packets among it.
    return place_ == Place::outside ? take_outside(packet) : Result<void>{};
}

Result<void> Stripper::take_outside(const Packet& packet) {
    const auto signature =
        packet.tag == PacketTag::signature ? parse_signature(packet.body) : std::nullopt;
    if (!signature || signature->type != SignatureType::key_revocation)
        return not_a_certificate(packet.tag);
    found_ = true;
    if (packet.body.size() <= max_packet) receiver_.revocation(packet.body);
    return {};
}

void Stripper::start_certificate(Octets body) {
    found_ = true;
    refusal_ = refusal_of_primary(body);
    gathered_ = body.size();
    place_ = Place::primary;
    key_.emplace();
    if (!refusal_.empty()) return;
    key_->fingerprint = fingerprint_of(body);
    key_->primary.body.assign(body.begin(), body.end());
}

void Stripper::start_component(Place place, Octets body, bool usable) {
    end_component();
    if (place_ == Place::outside) return;
    place_ = usable ? place : Place::dropped;
    if (usable) component_.body.assign(body.begin(), body.end());
}

void Stripper::end_component() {
    if (!component_.signatures.empty() && refusal_.empty()) {
        gather(component_.body.size());
        auto& list = place_ == Place::user_id ? key_->user_ids : key_->subkeys;
        add_component(list, std::move(component_));
    }
    component_ = {};
}

void Stripper::end_certificate() {
    end_component();
    if (!key_) return;
    const auto limits = refusal_.empty() ? check_limits(*key_) : Result<void>{};
    if (!refusal_.empty())
        receiver_.refused(refusal_);
    else if (!limits)
        receiver_.refused(limits.error().what);
    else
        receiver_.certificate(std::move(*key_));
    key_.reset();
}

void Stripper::take_signature(Octets body) {
    if (!refusal_.empty()) return;
    const auto signature = parse_signature(body);
    if (signature && names_issuer(*signature, key_->fingerprint)) {
        key_->names_revoker = key_->names_revoker || signature->names_revoker;
        keep_signature(*signature);
    } else if (const auto type = announced_type(body);
               type == SignatureType::key_revocation || type == SignatureType::subkey_revocation) {
        key_->revoked_by_other = true;
    }
}

/// Signatures on the key itself are kept wherever they stand (a revocation is often appended to the
/// end), the others where they can belong.
void Stripper::keep_signature(const SignaturePacket& signature) {
    const bool on_key = signature.type == SignatureType::key_revocation ||
                        signature.type == SignatureType::direct_key;
    const bool elsewhere = is_certification(signature.type) || is_revocation(signature.type) ||
                           signature.type == SignatureType::subkey_binding;
    if (!on_key && (!elsewhere || place_ == Place::dropped)) return;
    if (place_ == Place::primary && !on_key && !is_revocation(signature.type)) return;
    OctetString stripped = without_extras(signature, key_->fingerprint);
    if (stripped.size() > max_packet) {
        if (is_revocation(signature.type))
            refusal_ = "a revocation in it is longer than " + std::to_string(max_packet) +
                       " octets and would be lost; make a new key";
        return;
    }
    gather(std::max(stripped.size(), min_signature_cost));
    const bool to_primary = on_key || place_ == Place::primary;
    add_signature(to_primary ? key_->primary : component_, std::move(stripped));
}

void Stripper::gather(std::size_t octets) {
    gathered_ += octets;
    if (gathered_ > max_gathered)
        refusal_ =
            "it has far more signatures that claim to be its owner's than are taken; export it "
            "with "
            "gpg --armor --export-options export-minimal --export ADDRESS";
}

Result<void> Stripper::finish() {
    end_certificate();
    if (!found_)
        return refuse(
            "there is no certificate (public key) in it; export one with: gpg --armor --export "
            "ADDRESS");
    return {};
}

}  // namespace

Result<void> strip_certificates(Octets upload, StrippedReceiver& receiver) {
    // Before its length is looked at, which messages may leave open.
    if (const auto tag = first_tag(upload); tag && is_of_message(*tag))
        return not_a_certificate(*tag);
    PacketReader reader{upload};
    Stripper stripper{receiver};
    for (;;) {
        const auto packet = reader.next();
        if (!packet) return packet.error();
        if (!*packet) return stripper.finish();
        if (const auto taken = stripper.take(**packet); !taken) return taken.error();
    }
}

}  // namespace maildircrypt
