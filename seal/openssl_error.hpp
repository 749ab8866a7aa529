/// What OpenSSL says about a failure, as an error value.
#pragma once

#include "base/result.hpp"

#include <string>

namespace maildircrypt {

/// "STEP: REASON", fate retry; where the texts were left out (OpensslTexts), "STEP: OpenSSL failed,
/// `openssl errstr N` says why". Empties this thread's error queue.
Error openssl_error(const std::string& step);

}  // namespace maildircrypt
