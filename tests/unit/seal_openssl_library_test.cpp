#include "base/bytes.hpp"
#include "base/handle.hpp"
#include "seal/crypto_context.hpp"
#include "seal/openssl_error.hpp"
#include "seal/openssl_library.hpp"

#include <string>

#include <boost/test/unit_test.hpp>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>

using namespace maildircrypt;

namespace {

template <class Owner, auto fetch>
Owner fetched(const char* name) {
    return Owner{fetch(openssl_library(), name, nullptr)};
}

constexpr auto cipher = fetched<Handle<EVP_CIPHER, EVP_CIPHER_free>, EVP_CIPHER_fetch>;
constexpr auto digest = fetched<Handle<EVP_MD, EVP_MD_free>, EVP_MD_fetch>;
constexpr auto kdf = fetched<Handle<EVP_KDF, EVP_KDF_free>, EVP_KDF_fetch>;
constexpr auto mac = fetched<Handle<EVP_MAC, EVP_MAC_free>, EVP_MAC_fetch>;
constexpr auto key_management = fetched<Handle<EVP_KEYMGMT, EVP_KEYMGMT_free>, EVP_KEYMGMT_fetch>;
constexpr auto key_exchange = fetched<Handle<EVP_KEYEXCH, EVP_KEYEXCH_free>, EVP_KEYEXCH_fetch>;
constexpr auto signature = fetched<Handle<EVP_SIGNATURE, EVP_SIGNATURE_free>, EVP_SIGNATURE_fetch>;
constexpr auto asymmetric_cipher =
    fetched<Handle<EVP_ASYM_CIPHER, EVP_ASYM_CIPHER_free>, EVP_ASYM_CIPHER_fetch>;

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_openssl_library)

BOOST_AUTO_TEST_CASE(it_is_made_once_and_is_not_the_default) {
    BOOST_REQUIRE(openssl_library() != nullptr);
    BOOST_TEST(openssl_library() == openssl_library());
}

BOOST_AUTO_TEST_CASE(what_sealing_needs_is_there) {
    for (const char* name : {"AES-256-CFB", "AES-256-CTR", "AES-256-OCB", "AES-128-WRAP",
                             "AES-192-WRAP", "AES-256-WRAP"}) {
        const auto found = cipher(name);
        BOOST_REQUIRE(found);
        const std::string provider = OSSL_PROVIDER_get0_name(EVP_CIPHER_get0_provider(found.get()));
        BOOST_TEST(provider == "maildircrypt");
    }
    for (const char* name : {"SHA1", "SHA256", "SHA384", "SHA512"}) BOOST_TEST(bool(digest(name)));
    for (const char* name : {"X25519", "EC", "RSA"}) BOOST_TEST(bool(key_management(name)));
    for (const char* name : {"X25519", "ECDH"}) BOOST_TEST(bool(key_exchange(name)));
    BOOST_TEST(bool(asymmetric_cipher("RSA")));
}

BOOST_AUTO_TEST_CASE(what_seipd_version_2_needs_is_there) {
    const auto hkdf = kdf("HKDF");
    BOOST_REQUIRE(hkdf);
    const std::string provider = OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(hkdf.get()));
    BOOST_TEST(provider == "maildircrypt");
    const auto context = CryptoContext::create();
    BOOST_REQUIRE(bool(context));
    BOOST_REQUIRE(context->has_seipd2());
    // RFC 5869, A.1
    const OctetString key(22, 0x0b);
    const OctetString salt{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const OctetString info{0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9};
    const OctetString expected{0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a};
    OctetString out(expected.size(), 0);
    BOOST_REQUIRE(bool(context->hkdf_sha256(key, salt, info, out)));
    BOOST_TEST(out == expected, boost::test_tools::per_element());
    BOOST_TEST(bool(context->hkdf_sha256(key, salt, {}, out)));
    BOOST_TEST(!context->hkdf_sha256(key, {}, info, out));
}

BOOST_AUTO_TEST_CASE(what_it_does_not_need_is_not) {
    for (const char* name : {"AES-128-CBC", "CAMELLIA-256-CBC", "ChaCha20"})
        BOOST_TEST(!cipher(name));
    for (const char* name : {"MD5", "SHA3-256"}) BOOST_TEST(!digest(name));
    for (const char* name : {"PBKDF2", "TLS1-PRF"}) BOOST_TEST(!kdf(name));
    for (const char* name : {"ED25519", "X448", "DH"}) BOOST_TEST(!key_management(name));
    for (const char* name : {"X448", "DH"}) BOOST_TEST(!key_exchange(name));
    BOOST_TEST(!asymmetric_cipher("SM2"));
    BOOST_TEST(!mac("HMAC"));
    BOOST_TEST(!signature("RSA"));
    ERR_clear_error();
}

BOOST_AUTO_TEST_CASE(errors_have_their_reason_or_their_number) {
    ERR_clear_error();
    ERR_raise(ERR_LIB_EVP, EVP_R_INVALID_KEY_LENGTH);
    BOOST_TEST(openssl_error("test").what == "test: invalid key length");
    constexpr int no_such_reason = 4000;
    ERR_raise(ERR_LIB_EVP, no_such_reason);
    BOOST_TEST(openssl_error("test").what ==
               "test: OpenSSL failed, `openssl errstr 3000fa0` says why");
}

BOOST_AUTO_TEST_SUITE_END()
