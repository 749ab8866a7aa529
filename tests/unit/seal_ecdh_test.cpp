#include "seal/ecdh.hpp"
#include "tests/unit/pgp_key.hpp"

#include <array>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

const CryptoContext& context() {
    static const CryptoContext made = CryptoContext::create().value();
    return made;
}

OctetString wrap(WrapCipher cipher, const char* kek, const char* key) {
    const OctetString padded = from_hex(key);
    OctetString wrapped(padded.size() + 8);
    BOOST_REQUIRE(wrap_key(context(), cipher, from_hex(kek), padded, wrapped));
    return wrapped;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_ecdh)

BOOST_AUTO_TEST_CASE(key_wrap_gives_the_answers_of_rfc_3394) {
    const char* key128 = "00112233445566778899AABBCCDDEEFF";
    const char* key256 = "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F";
    const char* kek128 = "000102030405060708090A0B0C0D0E0F";
    const char* kek192 = "000102030405060708090A0B0C0D0E0F1011121314151617";
    const char* kek256 = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
    BOOST_TEST((wrap(WrapCipher::aes128, kek128, key128) ==  // §4.1
                from_hex("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")));
    BOOST_TEST((wrap(WrapCipher::aes192, kek192, key128) ==  // §4.2
                from_hex("96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D")));
    BOOST_TEST((wrap(WrapCipher::aes256, kek256, key128) ==  // §4.3
                from_hex("64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7")));
    BOOST_TEST((wrap(WrapCipher::aes256, kek256, key256) ==  // §4.6
                from_hex("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326"
                         "CBC7F0E71A99F43BFB988B9B7A02DD21")));
}

BOOST_AUTO_TEST_CASE(key_wrap_refuses_sizes_that_do_not_fit) {
    OctetString wrapped(48);
    BOOST_TEST(!wrap_key(context(), WrapCipher::aes256, OctetString(31), OctetString(40), wrapped));
    BOOST_TEST(!wrap_key(context(), WrapCipher::aes256, OctetString(32), OctetString(39), wrapped));
    BOOST_TEST(!wrap_key(context(), WrapCipher::aes256, OctetString(32), OctetString(48), wrapped));
}

BOOST_AUTO_TEST_CASE(derivation_hashes_what_rfc_6637_lists) {
    const OctetString oid = from_hex("2B060104019755010501");
    const EcdhNumbers key{find_curve(oid), {}, KdfHash::sha384, WrapCipher::aes192};
    Fingerprint fingerprint;
    fingerprint.fill(0xF1);
    const OctetString secret(32, 0x5E);
    std::array<std::uint8_t, 32> kek{};
    BOOST_REQUIRE(derive_kek(context(), key, fingerprint, secret, kek));

    const OctetString hashed =
        join({from_hex("00000001"), secret, from_hex("0A2B060104019755010501"), from_hex("12"),
              from_hex("03010908"), from_hex("416E6F6E796D6F75732053656E64657220202020"),
              OctetString(20, 0xF1)});
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
    BOOST_REQUIRE(
        EVP_Digest(hashed.data(), hashed.size(), hash.data(), nullptr, EVP_sha384(), nullptr) == 1);
    std::fill(hash.begin() + 24, hash.end(), std::uint8_t{0});  // AES-192: 24 octets, no more
    BOOST_TEST(std::equal(kek.begin(), kek.end(), hash.begin()));
}

BOOST_AUTO_TEST_CASE(messages_have_a_limit) {
    const KeyPair& pair = key_of(Kind::cv25519);
    const auto parsed = parse_public_key(pair.key.packet);
    BOOST_REQUIRE(parsed);
    const auto& numbers = std::get<EcdhNumbers>(parsed->numbers);
    OctetString out;
    BOOST_TEST(bool(encrypt_ecdh(context(), numbers, pair.key.fingerprint,
                                 OctetString(ecdh_max_message), out)));
    BOOST_TEST(out.size() == 2U + 33U + 1U + 48U);
    BOOST_TEST(out[0] == 1);  // 263 bits
    BOOST_TEST(out[1] == 7);
    BOOST_TEST(out[2] == 0x40);
    BOOST_TEST(!encrypt_ecdh(context(), numbers, pair.key.fingerprint,
                             OctetString(ecdh_max_message + 1), out));
}

BOOST_AUTO_TEST_SUITE_END()
