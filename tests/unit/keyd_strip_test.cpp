#include "keyd/certificate.hpp"
#include "keyd/strip.hpp"
#include "keyd/transferable_key.hpp"
#include "tests/unit/support/certificate_parts.hpp"

#include <chrono>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

using Type = SignatureType;

const OctetString primary_body = key_body(1);
const OctetString primary = packet(PacketTag::public_key, primary_body);
const Fingerprint owner = fingerprint_of(primary_body);
const Fingerprint stranger = fingerprint_of(key_body(99));
const OctetString user_id = packet(PacketTag::user_id, "Alice <alice@example.org>");
const OctetString subkey = packet(PacketTag::public_subkey, key_body(2));
const OctetString certification = signature(owner);
const OctetString binding = signature(owner, {.type = Type::subkey_binding});

OctetString minimal() {
    return joined({primary, user_id, certification, subkey, binding});
}

/// The one certificate that is left.
TransferableKey stripped(const OctetString& upload) {
    Collected collected{upload};
    BOOST_TEST(collected.error == "");
    BOOST_TEST(collected.refusals.empty());
    BOOST_REQUIRE(collected.keys.size() == 1U);
    return collected.keys.front();
}

bool is_same(const TransferableKey& one, const TransferableKey& other) {
    return serialise(one) == serialise(other);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

/// Why the only certificate is refused.
std::string refusal_of(const OctetString& upload) {
    Collected collected{upload};
    BOOST_TEST(collected.keys.empty());
    if (!collected.error.empty()) return collected.error;
    BOOST_REQUIRE(collected.refusals.size() == 1U);
    return collected.refusals.front();
}

OctetString with_user_ids(std::size_t count) {
    OctetString upload = primary;
    for (std::size_t i = 0; i < count; ++i)
        upload =
            joined({upload, packet(PacketTag::user_id, "u" + std::to_string(i)), certification});
    return upload;
}

OctetString with_subkeys(std::size_t count) {
    OctetString upload = joined({primary, user_id, certification});
    for (std::size_t i = 0; i < count; ++i)
        upload = joined(
            {upload, packet(PacketTag::public_subkey, key_body(static_cast<std::uint8_t>(i + 2))),
             binding});
    return upload;
}

std::size_t stripped_size(const OctetString& upload) {
    return serialise(stripped(upload)).size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_strip)

BOOST_AUTO_TEST_CASE(keeps_the_owners_parts) {
    const TransferableKey key = stripped(minimal());
    BOOST_TEST((key.fingerprint == owner));
    BOOST_TEST((key.primary.body == primary_body));
    BOOST_REQUIRE(key.user_ids.size() == 1U);
    BOOST_TEST(key.user_ids[0].signatures.size() == 1U);
    BOOST_REQUIRE(key.subkeys.size() == 1U);
    BOOST_TEST(key.subkeys[0].signatures.size() == 1U);
}

BOOST_AUTO_TEST_CASE(stripping_twice_changes_nothing) {
    const TransferableKey once = stripped(minimal());
    BOOST_TEST(is_same(once, stripped(serialise(once))));
}

BOOST_AUTO_TEST_CASE(keeps_every_revocation_of_the_owner) {
    const auto revocation = [](Type type) { return signature(owner, {.type = type}); };
    const TransferableKey key =
        stripped(joined({primary, revocation(Type::key_revocation), revocation(Type::direct_key),
                         user_id, certification, revocation(Type::certification_revocation), subkey,
                         binding, revocation(Type::subkey_revocation)}));
    BOOST_TEST(key.primary.signatures.size() == 2U);
    BOOST_TEST(key.user_ids.at(0).signatures.size() == 2U);
    BOOST_TEST(key.subkeys.at(0).signatures.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_key_revocation_counts_wherever_it_stands) {
    const OctetString revocation = signature(owner, {.type = Type::key_revocation});
    const OctetString picture = packet(PacketTag::user_attribute, "picture");
    for (const OctetString& upload :
         {joined({minimal(), revocation}), joined({primary, user_id, revocation, certification}),
          joined({primary, user_id, certification, picture, revocation})})
        BOOST_TEST(stripped(upload).primary.signatures.size() == 1U);
}

BOOST_AUTO_TEST_CASE(drops_what_others_added) {
    const OctetString foreign = signature(stranger);
    const OctetString foreign_binding = signature(stranger, {.type = Type::subkey_binding});
    const OctetString foreign_revocation = signature(stranger, {.type = Type::key_revocation});
    const OctetString upload = joined(
        {primary, foreign, foreign_revocation, user_id, foreign, certification, foreign,
         packet(PacketTag::user_id, "Mallory <mallory@example.org>"), foreign,
         packet(PacketTag::user_attribute, "picture"), certification, foreign, subkey,
         foreign_binding, binding, packet(PacketTag::public_subkey, key_body(3)), foreign_binding});
    BOOST_TEST(is_same(stripped(upload), stripped(minimal())));
}

BOOST_AUTO_TEST_CASE(a_revocation_by_a_designated_revoker_leaves_a_note) {
    const auto foreign = [](Type type) { return signature(stranger, {.type = type}); };
    const OctetString naming = signature(owner, {.type = Type::direct_key, .revoker = true});
    OctetString unreadable = signature_body(stranger, {.type = Type::key_revocation});
    unreadable[2] = 27;  // an algorithm that is not known here
    for (const OctetString& revocation :
         {foreign(Type::key_revocation), foreign(Type::subkey_revocation),
          packet(PacketTag::signature, unreadable)}) {
        const TransferableKey key = stripped(joined({minimal(), revocation, naming}));
        BOOST_TEST(key.names_revoker);
        BOOST_TEST(key.revoked_by_other);
        BOOST_TEST(!check_revokers(key));
        // Whoever names no revoker cannot be revoked by others.
        BOOST_TEST(bool(check_revokers(stripped(joined({minimal(), revocation})))));
    }
    BOOST_TEST(bool(check_revokers(stripped(joined({minimal(), naming})))));
    const OctetString withdrawn = foreign(Type::certification_revocation);
    BOOST_TEST(bool(check_revokers(stripped(joined({minimal(), withdrawn, naming})))));
    // Nobody else can name a revoker.
    const OctetString false_name = signature(stranger, {.type = Type::direct_key, .revoker = true});
    BOOST_TEST(!stripped(joined({minimal(), false_name})).names_revoker);
}

BOOST_AUTO_TEST_CASE(drops_packets_that_have_no_place_in_a_certificate) {
    OctetString upload;
    for (const OctetString& part : {primary, user_id, certification, subkey, binding})
        for (const int tag : {0, 10, 12, 21, 60, 63, 40, 11})
            upload =
                joined({upload, tag == 0 ? part : packet(static_cast<PacketTag>(tag), "whatever")});
    BOOST_TEST(is_same(stripped(upload), stripped(minimal())));
}

BOOST_AUTO_TEST_CASE(drops_the_unsigned_extras_of_signatures) {
    const OctetString upload =
        joined({primary, user_id, signature(owner, {.extra = 5000}), subkey, binding});
    BOOST_TEST(is_same(stripped(upload), stripped(minimal())));
}

BOOST_AUTO_TEST_CASE(copies_are_kept_once) {
    const OctetString upload =
        joined({primary, user_id, certification, certification, subkey, binding, user_id,
                signature(owner, {.extra = 9}), subkey, binding});
    BOOST_TEST(is_same(stripped(upload), stripped(minimal())));
}

BOOST_AUTO_TEST_CASE(signatures_of_a_dropped_component_do_not_slip_to_another) {
    const OctetString upload =
        joined({primary, user_id, certification, packet(PacketTag::user_id, "line\nbreak"),
                signature(owner, {.created = 0x60000009}), subkey, binding,
                packet(PacketTag::public_subkey, key_body(5, 6)),
                signature(owner, {.type = Type::subkey_binding, .created = 0x60000009})});
    BOOST_TEST(is_same(stripped(upload), stripped(minimal())));
}

BOOST_AUTO_TEST_CASE(a_user_id_is_kept_up_to_its_limit) {
    for (const std::size_t size : {std::size_t{1}, max_user_id, max_user_id + 1}) {
        const OctetString long_one = packet(PacketTag::user_id, std::string(size, 'a'));
        const TransferableKey key = stripped(joined({minimal(), long_one, certification}));
        BOOST_TEST(key.user_ids.size() == (size <= max_user_id ? 2U : 1U));
    }
    for (const char* text : {"", "a\nb", "a\rb", "tab\t", "\x7f", "\x1b[2J"})
        BOOST_TEST(stripped(joined({minimal(), packet(PacketTag::user_id, text), certification}))
                       .user_ids.size() == 1U);
}

BOOST_AUTO_TEST_CASE(packets_are_kept_up_to_their_limit) {
    for (const std::size_t size : {max_packet - 1, max_packet, max_packet + 1}) {
        SignatureShape shape{.created = 0x60000009};
        shape.notation = 1;
        const auto kept = [&](const SignatureShape& of) {
            const OctetString body = signature_body(owner, of);
            return without_extras(parse_signature(body).value(), owner).size();
        };
        shape.notation = 1 + size - kept(shape);
        BOOST_REQUIRE(kept(shape) == size);
        const OctetString upload = joined({minimal(), user_id, signature(owner, shape)});
        BOOST_TEST(stripped(upload).user_ids.at(0).signatures.size() ==
                   (size <= max_packet ? 2U : 1U));
        shape.type = Type::key_revocation;
        const OctetString revoked = joined({minimal(), signature(owner, shape)});
        if (size <= max_packet)
            BOOST_TEST(stripped(revoked).primary.signatures.size() == 1U);
        else
            BOOST_TEST(contains(refusal_of(revoked), "a revocation in it is longer"));
    }
}

BOOST_AUTO_TEST_CASE(user_ids_and_subkeys_are_counted) {
    BOOST_TEST(stripped(with_user_ids(max_user_ids)).user_ids.size() == max_user_ids);
    BOOST_TEST(contains(refusal_of(with_user_ids(max_user_ids + 1)), "33 user ids, at most 32"));
    BOOST_TEST(stripped(with_subkeys(max_subkeys)).subkeys.size() == max_subkeys);
    BOOST_TEST(contains(refusal_of(with_subkeys(max_subkeys + 1)), "33 subkeys, at most 32"));
}

BOOST_AUTO_TEST_CASE(the_whole_is_measured_after_stripping) {
    OctetString upload = minimal();
    SignatureShape shape{.notation = 4000};
    for (std::uint32_t i = 0; i < 15; ++i) {
        shape.created = 0x60000100 + i;
        upload = joined({upload, user_id, signature(owner, shape)});
    }
    shape.created = 0x60000200;
    shape.notation = 1;
    const std::size_t size = stripped_size(joined({upload, user_id, signature(owner, shape)}));
    for (const std::size_t total : {max_certificate, max_certificate + 1}) {
        // A packet of two length octets has one octet more of header than one of one.
        shape.notation = 1 + total - size - 1;
        const OctetString whole = joined({upload, user_id, signature(owner, shape)});
        if (total == max_certificate)
            BOOST_TEST(stripped_size(whole) == total);
        else
            BOOST_TEST(contains(refusal_of(whole), "65537 octets even without"));
    }
}

BOOST_AUTO_TEST_CASE(what_claims_to_be_the_owners_is_gathered_up_to_its_limit) {
    // Each copy counts, none as less than 128 octets.
    constexpr std::size_t limit = 2 * max_certificate;
    constexpr std::size_t copies = limit / 128 - 1;
    const std::size_t rest = limit - copies * 128 - primary_body.size();
    for (const std::size_t size : {rest, rest + 1}) {
        OctetString upload = joined({primary, packet(PacketTag::user_id, std::string(size, 'a'))});
        for (std::size_t i = 0; i < copies; ++i)
            upload.insert(upload.end(), certification.begin(), certification.end());
        if (size == rest)
            BOOST_TEST(stripped(upload).user_ids.size() == 1U);
        else
            BOOST_TEST(contains(refusal_of(upload), "far more signatures"));
    }
}

BOOST_AUTO_TEST_CASE(a_flood_of_foreign_signatures_costs_little) {
    OctetString flooded = joined({primary, user_id, certification});
    const OctetString foreign = signature(stranger);
    while (flooded.size() < max_upload - 1000)
        flooded.insert(flooded.end(), foreign.begin(), foreign.end());
    flooded = joined({flooded, subkey, binding});
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(is_same(stripped(flooded), stripped(minimal())));
    BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds{1}));
}

BOOST_AUTO_TEST_CASE(a_flood_in_the_owners_name_is_refused_soon) {
    OctetString flooded = joined({primary, user_id});
    for (std::uint32_t i = 0; flooded.size() < max_upload - 1000; ++i) {
        const OctetString false_one = signature(owner, {.created = i});
        flooded.insert(flooded.end(), false_one.begin(), false_one.end());
    }
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(contains(refusal_of(flooded), "export-minimal"));
    BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds{1}));
}

BOOST_AUTO_TEST_CASE(certificates_come_one_by_one) {
    const OctetString other_body = key_body(50);
    const OctetString other = joined({packet(PacketTag::public_key, other_body), user_id,
                                      signature(fingerprint_of(other_body))});
    const Collected collected{joined({minimal(), other})};
    BOOST_REQUIRE(collected.keys.size() == 2U);
    BOOST_TEST((collected.keys[0].fingerprint == owner));
    BOOST_TEST((collected.keys[1].fingerprint == fingerprint_of(other_body)));
    const Collected refused{
        joined({packet(PacketTag::public_key, key_body(1, 6)), user_id, other})};
    BOOST_TEST(refused.keys.size() == 1U);
    BOOST_TEST(refused.refusals.size() == 1U);
}

BOOST_AUTO_TEST_CASE(other_versions_are_refused_by_name) {
    const auto of_version = [](std::uint8_t version) {
        return refusal_of(joined({packet(PacketTag::public_key, key_body(1, version)), user_id}));
    };
    BOOST_TEST(contains(of_version(2), "version 3"));
    BOOST_TEST(contains(of_version(3), "version 3"));
    BOOST_TEST(contains(of_version(5), "version 5"));
    BOOST_TEST(contains(of_version(6), "version 6"));
    BOOST_TEST(contains(of_version(7), "no version that is known"));
    BOOST_TEST(contains(refusal_of(packet(PacketTag::public_key, "")), "no version"));
    OctetString trailing = primary_body;
    trailing.push_back(0);
    BOOST_TEST(contains(refusal_of(packet(PacketTag::public_key, trailing)), "malformed"));
    OctetString unknown = primary_body;
    unknown[5] = 27;
    BOOST_TEST(contains(refusal_of(packet(PacketTag::public_key, unknown)), "algorithm 27"));
    BOOST_TEST(contains(refusal_of(packet(PacketTag::public_key, "\4abc")), "malformed"));
}

BOOST_AUTO_TEST_CASE(malformed_subkeys_go) {
    OctetString trailing = key_body(7);
    trailing.push_back(0);
    OctetString unknown = key_body(7);
    unknown[5] = 25;
    for (const OctetString& body : {trailing, unknown, key_body(7, 6), OctetString{4, 1}})
        BOOST_TEST(
            is_same(stripped(joined({minimal(), packet(PacketTag::public_subkey, body), binding})),
                    stripped(minimal())));
}

BOOST_AUTO_TEST_CASE(secret_keys_are_refused_anywhere) {
    for (const PacketTag tag : {PacketTag::secret_key, PacketTag::secret_subkey}) {
        const OctetString secret = packet(tag, key_body(1));
        for (const OctetString& upload :
             {secret, joined({secret, user_id}), joined({minimal(), secret}),
              joined({primary, secret, user_id})}) {
            const Collected collected{upload};
            BOOST_TEST(contains(collected.error, "secret key"));
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_certificate_is_named) {
    const auto error_of = [](const OctetString& upload) { return Collected{upload}.error; };
    for (const int tag : {1, 3, 9, 18, 20})
        BOOST_TEST(contains(error_of(packet(static_cast<PacketTag>(tag), "x")),
                            "an encrypted message, not a certificate"));
    for (const int tag : {4, 8, 11})
        BOOST_TEST(contains(error_of(packet(static_cast<PacketTag>(tag), "x")),
                            "a message, not a certificate"));
    BOOST_TEST(contains(error_of(certification), "a signature, not a certificate"));
    BOOST_TEST(contains(error_of(user_id), "no certificate"));
    BOOST_TEST(contains(error_of({}), "no certificate"));
}

BOOST_AUTO_TEST_CASE(a_revocation_alone_is_handed_on) {
    const OctetString body = signature_body(owner, {.type = Type::key_revocation});
    const Collected collected{packet(PacketTag::signature, body)};
    BOOST_TEST(collected.error == "");
    BOOST_REQUIRE(collected.revocations.size() == 1U);
    BOOST_TEST((collected.revocations[0] == body));
}

BOOST_AUTO_TEST_SUITE_END()
