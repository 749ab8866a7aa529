#include "seal/openssl_library.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>

namespace maildircrypt {
namespace {

/// OpenSSL's default provider, whose algorithms are passed on. Set once, before it is asked for
/// any.
const OSSL_PROVIDER* the_source = nullptr;

/// Up to the algorithm without a name that ends the list (provider-base(7)).
constexpr std::size_t max_algorithms = 8;
using Algorithms = std::array<OSSL_ALGORITHM, max_algorithms>;

/// What sealing needs of one kind, as named in EVP_*_fetch(3).
struct Selection {
    int operation;
    std::array<const char*, max_algorithms - 1> names;
    Algorithms found{};
};

/// `names` is "NAME:OTHER-NAME:OBJECT-IDENTIFIER".
bool has_name(std::string_view names, std::string_view wanted) {
    for (;;) {
        const auto colon = names.find(':');
        if (names.substr(0, colon) == wanted) return true;
        if (colon == names.npos) return false;
        names.remove_prefix(colon + 1);
    }
}

void select(Selection& selection) {
    int no_cache = 0;
    const OSSL_ALGORITHM* all =
        OSSL_PROVIDER_query_operation(the_source, selection.operation, &no_cache);
    auto next = selection.found.begin();
    for (const char* name : selection.names) {
        const OSSL_ALGORITHM* offered = all;
        while (name != nullptr && offered != nullptr && offered->algorithm_names != nullptr &&
               !has_name(offered->algorithm_names, name))
            ++offered;
        if (name == nullptr || offered == nullptr || offered->algorithm_names == nullptr) continue;
        *next = *offered;
        (next++)->algorithm_names = name;
    }
}

/// The key types' other names ("id-ecPublicKey") are looked up nowhere here.
std::array<Selection, 6> the_selections{{
    {OSSL_OP_CIPHER,
     {"AES-256-CFB", "AES-256-CTR", "AES-256-OCB", "AES-128-WRAP", "AES-192-WRAP", "AES-256-WRAP"}},
    {OSSL_OP_DIGEST, {"SHA1", "SHA256", "SHA384", "SHA512"}},
    {OSSL_OP_KDF, {"HKDF"}},
    {OSSL_OP_KEYMGMT, {"X25519", "EC", "RSA"}},
    {OSSL_OP_KEYEXCH, {"X25519", "ECDH"}},
    {OSSL_OP_ASYM_CIPHER, {"RSA"}},
}};

extern "C" const OSSL_ALGORITHM* offer_selection(void*, int operation, int* no_cache) {
    *no_cache = 0;
    for (const Selection& selection : the_selections) {
        if (selection.operation == operation) return selection.found.data();
    }
    return nullptr;
}

/// An OSSL_provider_init_fn, provider(7). The algorithms work in the context of where they come
/// from.
extern "C" int start_selection(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*,
                               const OSSL_DISPATCH** functions, void** context) {
    static const std::array<OSSL_DISPATCH, 2> offered{
        {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<void (*)()>(offer_selection)},
         {0, nullptr}}};
    for (Selection& selection : the_selections) select(selection);
    *functions = offered.data();
    *context = OSSL_PROVIDER_get0_provider_ctx(the_source);
    return 1;
}

OSSL_LIB_CTX* make_library(OpensslTexts texts) {
    constexpr auto nothing_else = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
                                  OPENSSL_INIT_NO_ADD_ALL_DIGESTS | OPENSSL_INIT_NO_ATEXIT;
    // What this cannot keep OpenSSL from is no fault.
    (void)OPENSSL_init_crypto(
        nothing_else | (texts == OpensslTexts::leave_out ? OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS : 0),
        nullptr);
    the_source = OSSL_PROVIDER_load(nullptr, "default");
    OSSL_LIB_CTX* library = the_source != nullptr ? OSSL_LIB_CTX_new() : nullptr;
    constexpr char name[] = "maildircrypt";
    if (library == nullptr || OSSL_PROVIDER_add_builtin(library, name, start_selection) != 1 ||
        OSSL_PROVIDER_load(library, name) == nullptr) {
        OSSL_LIB_CTX_free(library);
        return nullptr;
    }
    return library;
}

}  // namespace

OSSL_LIB_CTX* openssl_library(OpensslTexts texts) {
    static OSSL_LIB_CTX* const library = make_library(texts);
    return library;
}

}  // namespace maildircrypt
