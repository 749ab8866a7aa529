#include "keyd/certificate.hpp"

#include "keyd/armour.hpp"
#include "keyd/entry_name.hpp"
#include "keyd/signature_packet.hpp"
#include "keyd/strip.hpp"
#include "keyd/validator.hpp"
#include "keyd/verdict.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <tuple>

namespace maildircrypt {
namespace {

using Clock = std::chrono::steady_clock;

/// Certificates of one upload that may be given to gpg: an export of one address holds few.
constexpr std::size_t max_candidates = 8;
constexpr std::chrono::milliseconds accept_deadline{10'000};

/// Keeps the only certificate that it gets.
struct SingleReceiver : StrippedReceiver {
    std::optional<TransferableKey> key;
    void certificate(TransferableKey found) override { key = std::move(found); }
    void refused(std::string) override {}
    void revocation(Octets) override {}
};

/// What is stored was stripped when it was accepted; stripping it again takes it apart.
Result<std::vector<TransferableKey>> take_apart(std::span<const OctetString> stored) {
    std::vector<TransferableKey> keys;
    for (const OctetString& binary : stored) {
        SingleReceiver receiver;
        const auto stripped = strip_certificates(binary, receiver);
        if (!stripped || !receiver.key) return retry("a stored certificate cannot be read");
        keys.push_back(std::move(*receiver.key));
    }
    return keys;
}

bool bears(const TransferableKey& key, const Address& address) {
    return std::any_of(key.user_ids.begin(), key.user_ids.end(), [&](const auto& user_id) {
        const auto borne = address_of_user_id(as_text(user_id.body));
        return borne && EntryName{*borne} == EntryName{address};
    });
}

/// Gathers the certificates of an upload that may be the wanted one.
class Candidates : public StrippedReceiver {
public:
    Candidates(const Address& address, bool any_user_id, std::vector<TransferableKey> stored)
        : address_(address), any_user_id_(any_user_id), stored_(std::move(stored)) {}

    void certificate(TransferableKey key) override;
    void refused(std::string why) override;
    void revocation(Octets signature) override;
    /// Not empty; merged with what is stored.
    Result<std::vector<TransferableKey>> take();
    bool is_stored(const Fingerprint& fingerprint) const {
        return find_stored(fingerprint) != nullptr;
    }
    /// Whether it is revoked from now on: so it was not in its stored form.
    bool is_newly_revoked(const Certificate& certificate) const;

private:
    Error none_found() const;
    const TransferableKey* find_stored(const Fingerprint& fingerprint) const;
    void add(TransferableKey key);
    Result<void> drop_revoked();

    const Address& address_;
    bool any_user_id_;
    std::vector<TransferableKey> stored_;
    std::vector<TransferableKey> found_;
    std::optional<TransferableKey> first_;  ///< of those that do not bear the address
    std::size_t seen_ = 0;
    bool too_many_ = false;
    bool foreign_revocation_ = false;
    std::string refusal_;  ///< of the first that was refused
};

void Candidates::certificate(TransferableKey key) {
    ++seen_;
    if (bears(key, address_) || is_stored(key.fingerprint))
        add(std::move(key));
    else if (!first_)
        first_ = std::move(key);
}

void Candidates::refused(std::string why) {
    ++seen_;
    if (refusal_.empty()) refusal_ = std::move(why);
}

/// A revocation alone revokes what is stored.
void Candidates::revocation(Octets body) {
    const auto signature = parse_signature(body);
    foreign_revocation_ = true;
    bool own = false;
    for (const TransferableKey& key : stored_) {
        if (!signature || !names_issuer(*signature, key.fingerprint)) continue;
        TransferableKey revoked = key;
        add_signature(revoked.primary, without_extras(*signature, key.fingerprint));
        add(std::move(revoked));
        own = true;
    }
    for (const TransferableKey& key : stored_) {
        if (own || !key.names_revoker) continue;
        TransferableKey revoked = key;
        revoked.revoked_by_other = true;
        add(std::move(revoked));
    }
}

const TransferableKey* Candidates::find_stored(const Fingerprint& fingerprint) const {
    for (const TransferableKey& key : stored_)
        if (key.fingerprint == fingerprint) return &key;
    return nullptr;
}

bool Candidates::is_newly_revoked(const Certificate& certificate) const {
    const TransferableKey* stored = find_stored(certificate.fingerprint);
    if (!certificate.revoked || stored == nullptr) return false;
    const auto& signatures = stored->primary.signatures;
    return std::none_of(signatures.begin(), signatures.end(), [](const OctetString& body) {
        return announced_type(body) == SignatureType::key_revocation;
    });
}

/// Parts of one certificate that stand apart in the upload are put together.
void Candidates::add(TransferableKey key) {
    for (TransferableKey& other : found_) {
        if (other.fingerprint != key.fingerprint) continue;
        merge(other, key);
        return;
    }
    too_many_ = too_many_ || found_.size() == max_candidates;
    if (!too_many_) found_.push_back(std::move(key));
}

Error Candidates::none_found() const {
    if (!refusal_.empty()) return refuse(refusal_);
    if (foreign_revocation_ && seen_ == 0)
        return refuse("this is a revocation of a certificate that is not stored for " +
                      address_.text() + "; see which are with keyd-cli show " + address_.text());
    return refuse((seen_ == 1 ? "the certificate has" : "none of the certificates has") +
                  std::string{" no user id with the address "} + address_.text() +
                  "; add it with gpg --quick-add-uid FINGERPRINT " + address_.text() +
                  ", and export it again");
}

/// Beside a new key may stand the old one, which its designated revoker has revoked. But what is
/// sealed to now must not go on unnoticed.
Result<void> Candidates::drop_revoked() {
    std::optional<Error> refusal;
    bool stored = false;
    std::erase_if(found_, [&](const TransferableKey& key) {
        const auto checked = check_revokers(key);
        if (checked) return false;
        refusal = checked.error();
        stored = stored || is_stored(key.fingerprint);
        return true;
    });
    if (refusal && (stored || found_.empty())) return *refusal;
    return {};
}

Result<std::vector<TransferableKey>> Candidates::take() {
    if (found_.empty() && any_user_id_ && first_) found_.push_back(std::move(*first_));
    if (found_.empty()) return none_found();
    if (too_many_)
        return refuse("it holds more than " + std::to_string(max_candidates) +
                      " certificates for this address; export the one that is in use");
    for (TransferableKey& key : found_) {
        if (const auto* stored = find_stored(key.fingerprint)) merge(key, *stored);
        if (auto within = check_limits(key); !within) return within.error();
    }
    if (auto dropped = drop_revoked(); !dropped) return dropped.error();
    return std::move(found_);
}

/// Whether the certificate may stand for the address.
Result<void> check_address(const Certificate& certificate, const Address& address, bool any_user_id,
                           bool stored) {
    const auto& addresses = certificate.addresses;
    const auto is_same = [name = EntryName{address}](const Address& borne) {
        return EntryName{borne} == name;
    };
    if (any_user_id || std::any_of(addresses.begin(), addresses.end(), is_same)) return {};
    // It was accepted for the address before. To refuse what it says now, be it that this very user
    // id is revoked, would only keep an older form of it in use, without its revocations.
    if (stored) return {};
    return refuse("its user id with the address " + address.text() +
                  " is revoked, expired or not validly self-signed; add a new one with gpg "
                  "--quick-add-uid FINGERPRINT USER-ID, and export it again");
}

/// What to prefer among several: usable now, then unrevoked, then the newest.
std::tuple<bool, bool, std::int64_t> rank(const Certificate& certificate, std::int64_t now) {
    const RecipientKeys keys = compile_plan({&certificate, 1}, now);
    return {keys.state == KeyState::sealable, keys.state == KeyState::expired, certificate.created};
}

/// Has gpg judge one candidate.
Result<Certificate> judge(const TransferableKey& key, std::chrono::milliseconds time_left,
                          bool refuse_sha1, std::int64_t now) {
    if (time_left <= std::chrono::milliseconds{0})
        return retry("gpg needed too long for the certificates of this upload");
    ValidatorOptions options;
    options.deadline = time_left;
    options.refuse_sha1 = refuse_sha1;
    const auto listing = list_with_gpg(serialise(key), options);
    if (!listing) return listing.error();
    return judge_certificate(key, *listing, now);
}

}  // namespace

Result<Certificate> accept_certificate(std::string_view upload, const Address& address,
                                       bool any_user_id, std::span<const OctetString> stored,
                                       std::int64_t now, bool refuse_sha1) {
    if (upload.size() > max_upload)
        return refuse("the upload has more than " + std::to_string(max_upload) +
                      " octets; export the one certificate with: gpg --armor --export ADDRESS");
    auto stored_keys = take_apart(stored);
    if (!stored_keys) return stored_keys.error();
    const auto binary = read_upload(upload);
    if (!binary) return binary.error();
    Candidates candidates{address, any_user_id, std::move(*stored_keys)};
    if (auto stripped = strip_certificates(*binary, candidates); !stripped) return stripped.error();
    const auto keys = candidates.take();
    if (!keys) return keys.error();

    const auto end = Clock::now() + accept_deadline;
    std::optional<Certificate> best;
    std::optional<Error> refusal;
    for (const TransferableKey& key : *keys) {
        auto certificate =
            judge(key, std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()),
                  refuse_sha1, now);
        if (!certificate && certificate.error().fate == Fate::retry) return certificate;
        const auto bound = certificate ? check_address(*certificate, address, any_user_id,
                                                       candidates.is_stored(key.fingerprint))
                                       : Result<void>{certificate.error()};
        // Before all others, since mail is sealed to it.
        if (bound && candidates.is_newly_revoked(*certificate)) return certificate;
        if (!bound)
            refusal = refusal.value_or(bound.error());
        else if (!best || rank(*certificate, now) > rank(*best, now))
            best = std::move(*certificate);
    }
    if (best) return std::move(*best);
    return *refusal;
}

std::string armour_certificate(Octets binary) {
    return armour_public_key(binary);
}

}  // namespace maildircrypt
