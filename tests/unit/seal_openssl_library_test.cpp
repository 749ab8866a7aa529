#include "base/handle.hpp"
#include "seal/openssl_error.hpp"
#include "seal/openssl_library.hpp"

#include <string>

#include <boost/test/unit_test.hpp>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

using namespace maildircrypt;

namespace {

using Cipher = Handle<EVP_CIPHER, EVP_CIPHER_free>;
using Digest = Handle<EVP_MD, EVP_MD_free>;

Cipher cipher(const char* name) {
    return Cipher{EVP_CIPHER_fetch(openssl_library(), name, nullptr)};
}

Digest digest(const char* name) {
    return Digest{EVP_MD_fetch(openssl_library(), name, nullptr)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_openssl_library)

BOOST_AUTO_TEST_CASE(it_is_made_once_and_is_not_the_default) {
    BOOST_REQUIRE(openssl_library() != nullptr);
    BOOST_TEST(openssl_library() == openssl_library());
}

BOOST_AUTO_TEST_CASE(what_sealing_needs_is_there) {
    for (const char* name : {"AES-256-CFB", "AES-256-CTR", "AES-256-OCB", "AES-128-WRAP",
                             "AES-192-WRAP", "AES-256-WRAP"}) {
        const Cipher found = cipher(name);
        BOOST_REQUIRE(found);
        const std::string provider = OSSL_PROVIDER_get0_name(EVP_CIPHER_get0_provider(found.get()));
        BOOST_TEST(provider == "maildircrypt");
    }
    for (const char* name : {"SHA1", "SHA256", "SHA384", "SHA512"}) BOOST_TEST(bool(digest(name)));
}

BOOST_AUTO_TEST_CASE(what_it_does_not_need_is_not) {
    for (const char* name : {"AES-128-CBC", "CAMELLIA-256-CBC", "ChaCha20"})
        BOOST_TEST(!cipher(name));
    for (const char* name : {"MD5", "SHA3-256"}) BOOST_TEST(!digest(name));
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
