/// What OpenSSL says about a failure, as an error value.
#pragma once

#include "base/result.hpp"

#include <string>

namespace maildircrypt {

/// "STEP: REASON", fate retry; empties this thread's error queue.
Error openssl_error(const std::string& step);

}  // namespace maildircrypt
