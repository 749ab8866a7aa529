/// libFuzzer target: an upload through dearmouring and stripping. No gpg. What comes out keeps the
/// limits, survives a second stripping unchanged, and merges with itself without change.
#include "keyd/armour.hpp"
#include "keyd/certificate.hpp"
#include "keyd/key_listing.hpp"
#include "keyd/signature_packet.hpp"
#include "keyd/verdict.hpp"
#include "tests/unit/support/certificate_parts.hpp"

#include <cstdlib>

using namespace maildircrypt;

namespace {

constexpr std::int64_t now = 1'700'000'000;

void require(bool holds) {
    if (!holds) std::abort();
}

/// A gpg that finds everything valid.
KeyListing believe_all(const TransferableKey& key) {
    KeyListing listing;
    listing.keys.push_back({key.fingerprint, 1, 0, true, false, false});
    for (const SignedComponent& subkey : key.subkeys)
        listing.keys.push_back({fingerprint_of(subkey.body), 1, 0, true, false, false});
    for (const SignedComponent& user_id : key.user_ids)
        listing.user_ids.push_back({std::string{as_text(user_id.body)}, false, false});
    return listing;
}

void check(const TransferableKey& key) {
    require(bool(check_limits(key)));
    const OctetString octets = serialise(key);
    const test::Collected again{octets};
    require(again.error.empty() && again.keys.size() == 1);
    require(serialise(again.keys.front()) == octets);
    TransferableKey merged = key;
    merge(merged, key);
    require(serialise(merged) == octets);
    const std::string armour = armour_certificate(octets);
    const auto read = read_upload(armour);
    require(read && OctetString{read->begin(), read->end()} == octets);
    const KeyListing listing = believe_all(key);
    require(write_listing(*parse_listing(write_listing(listing))) == write_listing(listing));
    (void)judge_certificate(key, listing, now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Octets input{data, size};
    const auto upload = read_upload(as_text(input));
    if (upload) {
        const test::Collected collected{*upload};
        for (const TransferableKey& key : collected.keys) check(key);
    }
    // Without armour and packet headers, where octets count for more.
    if (const auto signature = parse_signature(input))
        (void)without_extras(*signature, Fingerprint{});
    (void)parse_listing(as_text(input));
    (void)address_of_user_id(as_text(input));
    return 0;
}
