#include "seal/encryptor.hpp"
#include "seal/public_key_packet.hpp"
#include "tests/unit/pgp_key.hpp"

#include <string>
#include <variant>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

const OctetString start{4, 0x5F, 0, 0, 1};

/// An odd number of `bits` bits without small factors that anyone has looked for.
OctetString odd_number(std::size_t bits) {
    OctetString number((bits + 7) / 8, 0x5B);
    number.front() = static_cast<std::uint8_t>(1U << ((bits - 1) % 8));
    number.back() |= 1U;
    return number;
}

OctetString rsa_packet(const OctetString& modulus, const OctetString& exponent,
                       std::uint8_t algorithm = 1) {
    return join({start, {algorithm}, mpi(modulus), mpi(exponent)});
}

OctetString ecdh_packet(const OctetString& oid, const OctetString& point,
                        const OctetString& kdf = {3, 1, 8, 9}) {
    return join({start, {18, static_cast<std::uint8_t>(oid.size())}, oid, mpi(point), kdf});
}

const OctetString exponent{1, 0, 1};
const OctetString cv25519_oid = from_hex("2B060104019755010501");
const OctetString p256_oid = from_hex("2A8648CE3D030107");

OctetString point(std::uint8_t prefix, std::size_t size) {
    OctetString octets(size, 0x33);
    octets.front() = prefix;
    return octets;
}

OctetString native(const std::string& little_endian) {
    return join({{0x40}, from_hex(little_endian)});
}

/// The error's text; empty when there is none. A refusal is expected, nothing else.
std::string why_not(const OctetString& packet) {
    const auto parsed = parse_public_key(packet);
    if (parsed) return {};
    BOOST_TEST((parsed.error().fate == Fate::refuse));
    return parsed.error().what;
}

std::string why_not_used(const OctetString& packet) {
    const auto checked = check_encryption_key(packet);
    if (checked) return {};
    BOOST_TEST((checked.error().fate == Fate::refuse));
    return checked.error().what;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_public_key_packet)

BOOST_AUTO_TEST_CASE(good_keys_of_every_kind_are_taken) {
    for (const Kind kind : all_kinds) {
        BOOST_TEST(why_not(key_of(kind).key.packet) == "");
        BOOST_TEST(why_not_used(key_of(kind).key.packet) == "", kind);
    }
}

BOOST_AUTO_TEST_CASE(numbers_are_read) {
    const OctetString modulus = odd_number(2048);
    for (const std::uint8_t algorithm : OctetString{1, 2}) {
        const OctetString packet = rsa_packet(modulus, exponent, algorithm);
        const auto parsed = parse_public_key(packet);
        BOOST_REQUIRE(parsed);
        BOOST_TEST(parsed->algorithm == algorithm);
        const auto& rsa = std::get<RsaNumbers>(parsed->numbers);
        BOOST_TEST(rsa.modulus == Octets{modulus}, boost::test_tools::per_element());
        BOOST_TEST(rsa.exponent == Octets{exponent}, boost::test_tools::per_element());
    }
    const OctetString packet = ecdh_packet(p256_oid, point(4, 65), {3, 1, 10, 7});
    const auto parsed = parse_public_key(packet);
    BOOST_REQUIRE(parsed);
    const auto& ecdh = std::get<EcdhNumbers>(parsed->numbers);
    BOOST_TEST(ecdh.curve == find_curve(p256_oid));
    BOOST_TEST(ecdh.point.size() == 65U);
    BOOST_TEST((ecdh.hash == KdfHash::sha512));
    BOOST_TEST((ecdh.wrap == WrapCipher::aes128));
}

BOOST_AUTO_TEST_CASE(every_truncation_and_every_surplus_octet_is_refused) {
    for (const Kind kind : {Kind::rsa2048, Kind::cv25519, Kind::p521}) {
        const OctetString& whole = key_of(kind).key.packet;
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const OctetString cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
            BOOST_TEST(why_not(cut) != "");
        }
        BOOST_TEST(contains(why_not(join({whole, {0}})), "behind its end"));
    }
}

BOOST_AUTO_TEST_CASE(other_versions_are_named) {
    for (const std::uint8_t version : OctetString{0, 2, 3, 5, 6, 255}) {
        OctetString packet = key_of(Kind::cv25519).key.packet;
        packet[0] = version;
        BOOST_TEST(contains(why_not(packet), "version " + std::to_string(version)));
    }
}

BOOST_AUTO_TEST_CASE(algorithms_that_cannot_encrypt_say_so) {
    for (int algorithm = 0; algorithm < 256; ++algorithm) {
        if (algorithm == 1 || algorithm == 2 || algorithm == 18) continue;
        BOOST_TEST(why_not(join({start, {static_cast<std::uint8_t>(algorithm)}})) != "");
    }
    for (const std::uint8_t signing : OctetString{3, 17, 19, 22, 27, 28})
        BOOST_TEST(contains(why_not(join({start, {signing}})), "only sign"));
    BOOST_TEST(contains(why_not(join({start, {16}})), "Elgamal"));
    BOOST_TEST(contains(why_not(join({start, {25}})), "algorithm 25"));
}

BOOST_AUTO_TEST_CASE(rsa_sizes_have_edges) {
    BOOST_TEST(contains(why_not(rsa_packet(odd_number(2047), exponent)), "2047 bits"));
    BOOST_TEST(why_not(rsa_packet(odd_number(2048), exponent)) == "");
    BOOST_TEST(why_not(rsa_packet(odd_number(8192), exponent)) == "");
    BOOST_TEST(contains(why_not(rsa_packet(odd_number(8193), exponent)), "8193 bits"));
    BOOST_TEST(contains(why_not(rsa_packet(odd_number(1024), exponent)), "at least 2048"));
    BOOST_TEST(why_not(rsa_packet({1}, exponent)) != "");
    BOOST_TEST(why_not(join({start, {1}, {0, 0}, mpi(exponent)})) != "");  // modulus zero
    BOOST_TEST(why_not(join({start, {1}, {0xFF, 0xFF}})) != "");
}

BOOST_AUTO_TEST_CASE(rsa_numbers_are_sane) {
    OctetString even = odd_number(2048);
    even.back() = 2;
    BOOST_TEST(contains(why_not(rsa_packet(even, exponent)), "even"));
    const OctetString modulus = odd_number(2048);
    BOOST_TEST(contains(why_not(rsa_packet(modulus, {1})), "exponent"));
    BOOST_TEST(contains(why_not(rsa_packet(modulus, {2})), "exponent"));
    BOOST_TEST(why_not(rsa_packet(modulus, {3})) == "");
    BOOST_TEST(contains(why_not(rsa_packet(modulus, {4})), "exponent"));
    BOOST_TEST(contains(why_not(join({start, {1}, mpi(modulus), {0, 0}})), "exponent"));
    BOOST_TEST(why_not(rsa_packet(modulus, odd_number(64))) == "");
    BOOST_TEST(contains(why_not(rsa_packet(modulus, odd_number(65))), "64 bits"));
}

BOOST_AUTO_TEST_CASE(rsa_moduli_that_protect_nothing_are_refused_at_upload) {
    const OctetString divisible_by_three(256, 0xFF);
    BOOST_TEST(why_not(rsa_packet(divisible_by_three, exponent)) == "");
    BOOST_TEST(contains(why_not_used(rsa_packet(divisible_by_three, exponent)), "not well-formed"));
}

BOOST_AUTO_TEST_CASE(bit_counts_are_exact) {
    OctetString packet = rsa_packet(odd_number(2048), exponent);
    packet[7] = 1;  // 2049 bits, in 257 octets that then are not all there
    BOOST_TEST(why_not(packet) != "");
    packet = rsa_packet(odd_number(2048), exponent);
    packet[6] = 0x07;
    packet[7] = 0xFF;  // 2047 bits, also 256 octets, but the highest bit is set
    BOOST_TEST(contains(why_not(packet), "bit count"));
    OctetString zero_led = odd_number(2048);
    zero_led.insert(zero_led.begin(), 0);
    BOOST_TEST(
        contains(why_not(join({start, {1}, {0x08, 0x08}, zero_led, mpi(exponent)})), "bit count"));
}

BOOST_AUTO_TEST_CASE(unknown_curves_are_refused) {
    const OctetString good = point(0x40, 33);
    BOOST_TEST(contains(why_not(ecdh_packet({}, good)), "curve"));
    BOOST_TEST(contains(why_not(ecdh_packet(from_hex("2B0601040"), good)), "curve"));
    BOOST_TEST(contains(why_not(ecdh_packet(from_hex("2B06010401DA470F01"), good)), "curve"));
    BOOST_TEST(contains(why_not(ecdh_packet(from_hex("2B8104000A"), point(4, 65))), "curve"));
    BOOST_TEST(contains(why_not(ecdh_packet(OctetString(255, 1), good)), "curve"));
}

BOOST_AUTO_TEST_CASE(points_have_their_curves_form) {
    BOOST_TEST(why_not(ecdh_packet(cv25519_oid, point(0x40, 33))) == "");
    BOOST_TEST(contains(why_not(ecdh_packet(cv25519_oid, point(0x41, 33))), "point"));
    BOOST_TEST(contains(why_not(ecdh_packet(cv25519_oid, point(0x40, 32))), "point"));
    BOOST_TEST(contains(why_not(ecdh_packet(cv25519_oid, point(0x40, 34))), "point"));
    BOOST_TEST(why_not(ecdh_packet(p256_oid, point(4, 65))) == "");
    BOOST_TEST(contains(why_not(ecdh_packet(p256_oid, point(4, 64))), "point"));
    BOOST_TEST(contains(why_not(ecdh_packet(p256_oid, point(2, 33))), "point"));  // compressed
    BOOST_TEST(contains(why_not(ecdh_packet(p256_oid, point(6, 65))), "point"));  // hybrid
    BOOST_TEST(contains(why_not(join({start, {18, 8}, p256_oid, {0, 0}, {3, 1, 8, 9}})), "point"));
}

BOOST_AUTO_TEST_CASE(derivation_parameters_are_understood_or_refused) {
    const auto with = [](const OctetString& kdf) {
        return why_not(ecdh_packet(cv25519_oid, point(0x40, 33), kdf));
    };
    for (const std::uint8_t hash : OctetString{8, 9, 10})
        for (const std::uint8_t wrap : OctetString{7, 8, 9})
            BOOST_TEST(with({3, 1, hash, wrap}) == "");
    for (const std::uint8_t hash : OctetString{0, 1, 2, 3, 11, 12, 255})
        BOOST_TEST(contains(with({3, 1, hash, 9}), "hash " + std::to_string(hash)));
    for (const std::uint8_t wrap : OctetString{0, 1, 2, 3, 4, 10, 11, 13, 255})
        BOOST_TEST(contains(with({3, 1, 8, wrap}), "cipher " + std::to_string(wrap)));
    BOOST_TEST(with({2, 1, 8, 9}) != "");
    BOOST_TEST(with({3, 2, 8, 9}) != "");
    BOOST_TEST(with({4, 1, 8, 9, 0}) != "");
}

BOOST_AUTO_TEST_CASE(points_off_the_curve_are_refused_when_used) {
    const auto off_curve = [](Kind kind) {
        OctetString packet = key_of(kind).key.packet;
        packet[packet.size() - 5] ^= 1U;  // the last octet of y
        return packet;
    };
    for (const Kind kind :
         {Kind::p256, Kind::p384, Kind::p521, Kind::bp256, Kind::bp384, Kind::bp512}) {
        BOOST_TEST(why_not(off_curve(kind)) == "");
        BOOST_TEST(contains(why_not_used(off_curve(kind)), "not on its curve"), kind);
    }
    BOOST_TEST(contains(why_not_used(ecdh_packet(p256_oid, point(4, 65))), "not on its curve"));
    OctetString zeros(65, 0);
    zeros.front() = 4;
    BOOST_TEST(contains(why_not_used(ecdh_packet(p256_oid, zeros)), "not on its curve"));
    OctetString ones(65, 0xFF);  // coordinates beyond the prime
    ones.front() = 4;
    BOOST_TEST(contains(why_not_used(ecdh_packet(p256_oid, ones)), "not on its curve"));
}

BOOST_AUTO_TEST_CASE(curve25519_points_of_small_order_are_refused_when_used) {
    const char* points[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "0000000000000000000000000000000000000000000000000000000000000080"};
    for (const char* point : points)
        BOOST_TEST(
            contains(why_not_used(ecdh_packet(cv25519_oid, native(point))), "no shared secret"),
            point);
}

BOOST_AUTO_TEST_SUITE_END()
