#include "keyd/signature_packet.hpp"

#include <initializer_list>
#include <random>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

const Fingerprint owner{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
const OctetString owner_key_id{9, 16, 13, 14, 15, 16, 17, 18, 19, 20};  // a whole subpacket
const OctetString other_key_id{9, 16, 9, 9, 9, 9, 9, 9, 9, 9};
const OctetString made{5, 2, 0x60, 0, 0, 0};
const OctetString eddsa_tail{0xab, 0xcd, 0, 1, 1, 0, 9, 1, 0xff};

OctetString joined(std::initializer_list<OctetString> parts) {
    OctetString all;
    for (const OctetString& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

OctetString counted(const OctetString& area) {
    return joined({{static_cast<std::uint8_t>(area.size() >> 8),
                    static_cast<std::uint8_t>(area.size() & 0xff)},
                   area});
}

OctetString signature(SignatureType type, const OctetString& hashed, const OctetString& unhashed,
                      const OctetString& tail = eddsa_tail, std::uint8_t algorithm = 22) {
    return joined({{4, static_cast<std::uint8_t>(type), algorithm, 8},
                   counted(hashed),
                   counted(unhashed),
                   tail});
}

/// Made by a subkey (RFC 4880 §5.2.1, type 0x19), with `size` octets of something in it.
OctetString back_signature(std::size_t size) {
    OctetString something{255,
                          0,
                          0,
                          static_cast<std::uint8_t>((size + 1) >> 8),
                          static_cast<std::uint8_t>((size + 1) & 0xff),
                          100};  // for private use
    something.resize(something.size() + size, 0x77);
    return signature(static_cast<SignatureType>(0x19), joined({made, something}), {});
}

OctetString embedded(const OctetString& back) {
    const std::size_t size = back.size() + 1;
    return joined({{255, 0, 0, static_cast<std::uint8_t>(size >> 8),
                    static_cast<std::uint8_t>(size & 0xff), 32},
                   back});
}

constexpr auto positive = SignatureType::positive_certification;

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_signature_packet)

BOOST_AUTO_TEST_CASE(says_kind_times_and_features) {
    const OctetString hashed =
        joined({made, {5, 3, 0, 0, 1, 0}, {2, 30, 9}, {2, 27, 0x0c}, owner_key_id});
    const OctetString body = signature(positive, hashed, {});
    const auto parsed = parse_signature(body);
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST((parsed->type == positive));
    BOOST_TEST(int{parsed->hash_algorithm} == 8);
    BOOST_TEST(parsed->created == 0x60000000);
    BOOST_TEST(parsed->lifetime == 256);
    BOOST_TEST(int{parsed->features.value()} == 9);
    BOOST_TEST(names_issuer(*parsed, owner));
}

BOOST_AUTO_TEST_CASE(only_signed_subpackets_say_times_and_features) {
    const OctetString body = signature(positive, owner_key_id, joined({made, {2, 30, 9}}));
    const auto parsed = parse_signature(body);
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST(parsed->created == 0);
    BOOST_TEST(!parsed->features);
}

BOOST_AUTO_TEST_CASE(a_revoker_is_named_in_the_signed_area_only) {
    OctetString revoker{23, 12, 0x80, 22};
    revoker.resize(revoker.size() + 20, 0x11);
    const OctetString signed_one = signature(SignatureType::direct_key, revoker, {});
    BOOST_TEST(parse_signature(signed_one).value().names_revoker);
    const OctetString unsigned_one = signature(SignatureType::direct_key, made, revoker);
    BOOST_TEST(!parse_signature(unsigned_one).value().names_revoker);
}

BOOST_AUTO_TEST_CASE(the_type_is_read_of_signatures_that_are_not_understood) {
    constexpr auto revocation = SignatureType::key_revocation;
    for (const OctetString& body : {OctetString{4, 0x20}, OctetString{6, 0x20, 27},
                                    OctetString{3, 5, 0x20}, signature(revocation, made, {})})
        BOOST_TEST((announced_type(body) == revocation));
    for (const OctetString& body : {OctetString{}, OctetString{4}, OctetString{3, 5}})
        BOOST_TEST(!announced_type(body));
}

BOOST_AUTO_TEST_CASE(the_issuer_may_be_named_in_either_area_by_key_id_or_fingerprint) {
    OctetString by_fingerprint{22, 33, 4};
    by_fingerprint.insert(by_fingerprint.end(), owner.begin(), owner.end());
    for (const OctetString& named : {owner_key_id, by_fingerprint}) {
        const OctetString hashed = signature(positive, joined({made, named}), {});
        BOOST_TEST(names_issuer(parse_signature(hashed).value(), owner));
        const OctetString unhashed = signature(positive, made, named);
        BOOST_TEST(names_issuer(parse_signature(unhashed).value(), owner));
    }
    const OctetString foreign = signature(positive, made, other_key_id);
    BOOST_TEST(!names_issuer(parse_signature(foreign).value(), owner));
    const OctetString nobody = signature(positive, made, {});
    BOOST_TEST(!names_issuer(parse_signature(nobody).value(), owner));
}

BOOST_AUTO_TEST_CASE(unhashed_extras_go_and_copies_become_equal) {
    const OctetString extras =
        joined({{9, 20, 0, 0, 0, 0, 0, 0, 0, 0}, owner_key_id, {2, 100, 7}, {2, 32, 5}});
    const OctetString one = signature(positive, made, extras);
    const OctetString other = signature(positive, made, owner_key_id);
    BOOST_TEST(without_extras(parse_signature(one).value(), owner) == other,
               boost::test_tools::per_element());
    BOOST_TEST(without_extras(parse_signature(other).value(), owner) == other,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(back_signatures_of_subkey_bindings_stay) {
    for (const std::size_t size : {0U, 150U, 191U, 192U, 300U}) {
        const OctetString back = back_signature(size);
        const OctetString body = signature(SignatureType::subkey_binding, made,
                                           joined({owner_key_id, {2, 100, 7}, embedded(back)}));
        const OctetString kept = without_extras(parse_signature(body).value(), owner);
        const auto again = parse_signature(kept);
        BOOST_REQUIRE(again.has_value());
        BOOST_REQUIRE(again->embedded.size() == 1U);
        BOOST_TEST((OctetString{again->embedded[0].begin(), again->embedded[0].end()} == back));
        BOOST_TEST(without_extras(*again, owner) == kept, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(four_back_signatures_are_kept_and_no_more) {
    OctetString extras = owner_key_id;
    for (std::size_t i = 0; i < 4; ++i) extras = joined({extras, embedded(back_signature(i))});
    const auto kept = [](const OctetString& unhashed) {
        const OctetString body = signature(SignatureType::subkey_binding, made, unhashed);
        return parse_signature(body).value().embedded.size();
    };
    BOOST_TEST(kept(extras) == 4U);
    BOOST_TEST(kept(joined({extras, embedded(back_signature(4))})) == 4U);
}

BOOST_AUTO_TEST_CASE(malformed_back_signatures_go_or_spoil_what_signs_them) {
    OctetString cut = back_signature(0);
    cut.pop_back();
    const OctetString unsigned_one =
        signature(SignatureType::subkey_binding, made, joined({owner_key_id, embedded(cut)}));
    BOOST_TEST(parse_signature(unsigned_one).value().embedded.empty());
    const OctetString signed_one =
        signature(SignatureType::subkey_binding, joined({made, embedded(cut)}), owner_key_id);
    BOOST_TEST(!parse_signature(signed_one));
    const OctetString good =
        signature(SignatureType::subkey_binding, joined({made, embedded(back_signature(0))}), {});
    BOOST_TEST(parse_signature(good).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_whole_signature_is_nothing) {
    const OctetString good = signature(positive, joined({made, owner_key_id}), {});
    BOOST_REQUIRE(parse_signature(good).has_value());
    for (std::size_t size = 0; size < good.size(); ++size)
        BOOST_TEST(!parse_signature(Octets{good}.first(size)).has_value());
    BOOST_TEST(!parse_signature(joined({good, {0}})).has_value());
    for (const std::uint8_t version : std::initializer_list<std::uint8_t>{0, 2, 5, 6}) {
        OctetString other = good;
        other[0] = version;
        BOOST_TEST(!parse_signature(other).has_value());
    }
    for (const std::uint8_t algorithm : std::initializer_list<std::uint8_t>{
             0, 1, 2, 16, 20, 27, 100})  // another number of numbers
        BOOST_TEST(!parse_signature(signature(positive, made, {}, eddsa_tail, algorithm)));
    BOOST_TEST(!parse_signature(signature(positive, {0}, {})));        // a subpacket without type
    BOOST_TEST(!parse_signature(signature(positive, {5, 2, 0}, {})));  // beyond its area
    BOOST_TEST(!parse_signature(signature(positive, {}, {255, 255, 255, 255, 255, 2})));
}

BOOST_AUTO_TEST_CASE(subpackets_that_gpg_fails_over_are_nothing) {
    const auto is_read = [](const OctetString& subpacket) {
        return parse_signature(signature(positive, subpacket, {})).has_value();
    };
    BOOST_TEST(is_read({5, 9, 0, 0, 0, 1}));
    BOOST_TEST(is_read({3, 5, 1, 60}));
    BOOST_TEST(is_read({2, 25, 1}));
    BOOST_TEST(is_read({11, 20, 0, 0, 0, 0, 0, 1, 0, 1, 'n', 'v'}));
    for (const OctetString& bad :
         {OctetString{4, 9, 0, 0, 0}, OctetString{4, 2, 0, 0, 0}, OctetString{1, 4},
          OctetString{2, 5, 1}, OctetString{1, 7}, OctetString{2, 12, 0x80}, OctetString{2, 16, 1},
          OctetString{2, 33, 4}, OctetString{1, 25}, OctetString{3, 25, 1, 1}, OctetString{1, 29},
          OctetString{1, 32}, OctetString{4, 20, 0, 0, 0},
          OctetString{11, 20, 0, 0, 0, 0, 0, 2, 0, 1, 'n', 'v'}})
        BOOST_TEST(!is_read(bad));
}

BOOST_AUTO_TEST_CASE(version_3_is_read_and_kept_as_it_is) {
    const OctetString body = joined({{3, 5, 0x20, 0x40, 0, 0, 0},
                                     {13, 14, 15, 16, 17, 18, 19, 20},
                                     {1, 2},
                                     {0xab, 0xcd, 0, 9, 1, 0xff}});
    const auto parsed = parse_signature(body);
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST((parsed->type == SignatureType::key_revocation));
    BOOST_TEST(parsed->created == 0x40000000);
    BOOST_TEST(names_issuer(*parsed, owner));
    BOOST_TEST(without_extras(*parsed, owner) == body, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(random_octets_do_no_harm) {
    std::mt19937 random{20240101};
    const OctetString good = signature(positive, joined({made, owner_key_id}), owner_key_id);
    for (int round = 0; round < 20000; ++round) {
        OctetString body = good;
        for (int change = 0; change < 3; ++change)
            body[random() % body.size()] = static_cast<std::uint8_t>(random() & 0xff);
        if (const auto parsed = parse_signature(body))
            BOOST_REQUIRE(parse_signature(without_extras(*parsed, owner)).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
