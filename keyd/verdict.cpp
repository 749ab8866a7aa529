#include "keyd/verdict.hpp"

#include "keyd/signature_packet.hpp"
#include "seal/encryptor.hpp"
#include "seal/fingerprint.hpp"
#include "seal/mpi.hpp"

#include <algorithm>
#include <string>

namespace maildircrypt {
namespace {

constexpr std::size_t algorithm_offset = 5;  // version, creation time: RFC 4880 §5.5.2
constexpr std::size_t numbers_offset = 6;
constexpr std::uint8_t seipd2_feature = 0x08;  // RFC 9580 §5.2.3.32

std::uint8_t algorithm_of(const OctetString& packet) {
    return packet.at(algorithm_offset);
}

std::int64_t creation_of(const OctetString& packet) {
    return OctetReader{Octets{packet}.subspan(1)}.number(4).value();
}

std::optional<Error> weakness_of_primary(const OctetString& packet) {
    const std::uint8_t algorithm = algorithm_of(packet);
    const bool rsa = algorithm >= 1 && algorithm <= 3;
    const bool dsa = algorithm == 17;
    if (!rsa && !dsa) return std::nullopt;
    OctetReader reader{Octets{packet}.subspan(numbers_offset)};
    const auto modulus = read_mpi(reader);
    if (!modulus) return modulus.error();
    const std::size_t bits = bit_length(*modulus);
    if (bits >= static_cast<std::size_t>(min_rsa_bits)) return std::nullopt;
    return refuse("its primary key is " + std::string{rsa ? "RSA" : "DSA"} + " with " +
                  std::to_string(bits) + " bits, which is too weak: at least " +
                  std::to_string(min_rsa_bits) +
                  " are needed; make a new one with gpg --quick-generate-key ADDRESS");
}

const ListedKey* find_listed(const KeyListing& listing, const Fingerprint& fingerprint) {
    for (const ListedKey& key : listing.keys)
        if (key.fingerprint == fingerprint && !key.invalid) return &key;
    return nullptr;
}

const ListedUserId* find_listed(const KeyListing& listing, const SignedComponent& user_id) {
    for (const ListedUserId& listed : listing.user_ids)
        if (listed.text == as_text(user_id.body) && !listed.invalid) return &listed;
    return nullptr;
}

/// The newest certification or direct-key signature.
std::optional<SignaturePacket> newest_self_signature(const SignedComponent& component) {
    std::optional<SignaturePacket> newest;
    for (const OctetString& body : component.signatures) {
        auto signature = parse_signature(body);
        if (!signature) continue;
        if (!is_certification(signature->type) && signature->type != SignatureType::direct_key)
            continue;
        if (!newest || signature->created >= newest->created) newest = std::move(signature);
    }
    return newest;
}

bool has_revocation(const SignedComponent& user_id) {
    return std::any_of(user_id.signatures.begin(), user_id.signatures.end(), [](const auto& body) {
        const auto signature = parse_signature(body);
        return signature && signature->type == SignatureType::certification_revocation;
    });
}

/// gpg lists every user id of a revoked certificate as revoked. Which of them are so themselves
/// shows in their own signatures; a revocation that is not valid counts here too, which errs to the
/// safe side. An expired self-signature GPGME does not tell from a good one.
bool is_valid(const SignedComponent& user_id, const ListedUserId& listed, bool certificate_revoked,
              std::int64_t now) {
    if (certificate_revoked ? has_revocation(user_id) : listed.revoked) return false;
    const auto newest = newest_self_signature(user_id);
    return newest && (newest->lifetime == 0 || newest->created + newest->lifetime > now);
}

/// What the certificate announces: every newest self-signature that says anything must say yes,
/// since one that gpg would not have taken must not turn on what its owner's program cannot read.
bool announces_seipd2(const TransferableKey& key) {
    bool said = false;
    const auto says_no = [&](const SignedComponent& component) {
        const auto newest = newest_self_signature(component);
        if (!newest || !newest->features) return false;
        said = true;
        return (*newest->features & seipd2_feature) == 0;
    };
    return !says_no(key.primary) &&
           std::none_of(key.user_ids.begin(), key.user_ids.end(), says_no) && said;
}

/// 0 is never.
std::int64_t earlier(std::int64_t one, std::int64_t other) {
    if (one == 0 || other == 0) return std::max(one, other);
    return std::min(one, other);
}

Error no_valid_self_signature(const TransferableKey& key, std::int64_t now) {
    if (creation_of(key.primary.body) > now)
        return refuse("it was created in the future; set the clock right and make a new one");
    return refuse(
        "gpg finds no user id with a valid self-signature in it: it is damaged, forged, or signed "
        "with a broken hash (MD5, or SHA-1 where keyd is told to refuse it); export it again, or "
        "renew it with gpg --quick-set-expire "
        "FINGERPRINT 2y");
}

/// Keeps what gpg listed; without the rest nobody else can be misled by the stored copy either.
TransferableKey only_listed(TransferableKey key, const KeyListing& listing) {
    std::erase_if(key.user_ids,
                  [&](const SignedComponent& user_id) { return !find_listed(listing, user_id); });
    std::erase_if(key.subkeys, [&](const SignedComponent& subkey) {
        return !find_listed(listing, fingerprint_of(subkey.body));
    });
    return key;
}

/// Gathers the keys that mail can be encrypted to, and why others cannot.
class KeyCollector {
public:
    KeyCollector(Certificate& certificate, bool seipd2)
        : certificate_(certificate), seipd2_(seipd2) {}
    void take(const ListedKey& listed, const OctetString& packet);
    Result<void> finish();

private:
    Certificate& certificate_;
    bool seipd2_;
    std::string why_not_;
    std::optional<Error> failure_;
};

void KeyCollector::take(const ListedKey& listed, const OctetString& packet) {
    if (!listed.can_encrypt) return;
    if (const auto usable = check_encryption_key(packet); !usable) {
        if (usable.error().fate == Fate::retry)
            failure_ = usable.error();
        else
            why_not_ = usable.error().what;
        return;
    }
    EncryptionSubkey subkey;
    subkey.key.fingerprint = listed.fingerprint;
    subkey.key.packet = packet;
    subkey.key.created = creation_of(packet);
    subkey.key.expires = earlier(listed.expires, certificate_.expires);
    subkey.key.seipd2 = seipd2_;
    subkey.revoked = listed.revoked || certificate_.revoked;
    certificate_.encryption_keys.push_back(std::move(subkey));
}

Result<void> KeyCollector::finish() {
    if (failure_) return *failure_;
    auto& keys = certificate_.encryption_keys;
    std::stable_sort(keys.begin(), keys.end(), [](const auto& left, const auto& right) {
        return left.key.created > right.key.created;
    });
    if (!keys.empty() || certificate_.revoked) return {};
    if (!why_not_.empty())
        return refuse("it has no subkey that mail can be encrypted to: " + why_not_ +
                      "; add one with gpg --quick-add-key FINGERPRINT cv25519 encr");
    return refuse(
        "it has no valid encryption subkey (it can only sign); add one with gpg --quick-add-key "
        "FINGERPRINT cv25519 encr, and export it again");
}

/// Subkeys first: of keys of the same age the primary key is the last choice, as for gpg.
Result<void> collect_keys(Certificate& certificate, const TransferableKey& key,
                          const KeyListing& listing) {
    KeyCollector collector{certificate, announces_seipd2(key)};
    for (const SignedComponent& subkey : key.subkeys)
        if (const auto* listed = find_listed(listing, fingerprint_of(subkey.body)))
            collector.take(*listed, subkey.body);
    collector.take(listing.keys.front(), key.primary.body);
    return collector.finish();
}

void collect_user_ids(Certificate& certificate, const TransferableKey& key,
                      const KeyListing& listing, std::int64_t now) {
    for (const SignedComponent& user_id : key.user_ids) {
        const auto* listed = find_listed(listing, user_id);
        if (!listed || !is_valid(user_id, *listed, certificate.revoked, now)) continue;
        certificate.user_ids.push_back(listed->text);
        const auto address = address_of_user_id(listed->text);
        auto& addresses = certificate.addresses;
        if (address && std::find(addresses.begin(), addresses.end(), *address) == addresses.end())
            addresses.push_back(*address);
    }
}

}  // namespace

std::optional<Address> address_of_user_id(std::string_view user_id) {
    const std::size_t open = user_id.rfind('<');
    if (open != user_id.npos) {
        const std::size_t close = user_id.find('>', open);
        if (close == user_id.npos) return std::nullopt;
        user_id = user_id.substr(open + 1, close - open - 1);
    }
    const auto address = Address::parse(user_id);
    if (!address) return std::nullopt;
    return *address;
}

Result<Certificate> judge_certificate(const TransferableKey& key, const KeyListing& listing,
                                      std::int64_t now) {
    if (const auto weakness = weakness_of_primary(key.primary.body)) return *weakness;
    if (!find_listed(listing, key.fingerprint)) return no_valid_self_signature(key, now);
    const ListedKey& primary = listing.keys.front();
    if (primary.fingerprint != key.fingerprint) return retry("gpg listed another key than asked");

    const TransferableKey valid = only_listed(key, listing);
    Certificate certificate;
    certificate.fingerprint = key.fingerprint;
    certificate.binary = serialise(valid);
    certificate.created = creation_of(key.primary.body);
    certificate.expires = primary.expires;
    certificate.revoked = primary.revoked;
    collect_user_ids(certificate, valid, listing, now);
    if (auto collected = collect_keys(certificate, valid, listing); !collected)
        return collected.error();
    return certificate;
}

}  // namespace maildircrypt
