#include "seal/openssl_error.hpp"

#include <openssl/err.h>

namespace maildircrypt {

Error openssl_error(const std::string& step) {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return retry(step + ": " + (reason != nullptr ? reason : "OpenSSL failed"));
}

}  // namespace maildircrypt
