#include "seal/openssl_error.hpp"

#include <array>
#include <charconv>

#include <openssl/err.h>

namespace maildircrypt {

Error openssl_error(const std::string& step) {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    ERR_clear_error();
    if (reason != nullptr) return retry(step + ": " + reason);
    std::array<char, 2 * sizeof code + 1> digits{};
    std::to_chars(digits.data(), digits.data() + digits.size() - 1, code, 16);
    return retry(step + ": OpenSSL failed, `openssl errstr " + digits.data() + "` says why");
}

}  // namespace maildircrypt
