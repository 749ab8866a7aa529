/// The part of OpenSSL that this project uses.
#pragma once

#include <openssl/types.h>

namespace maildircrypt {

/// Whether OpenSSL is to have its reasons for errors as text. Without, openssl_error() says
/// numbers.
enum class OpensslTexts { load, leave_out };

/// A library context of OpenSSL that knows just the algorithms that sealing needs, made at the
/// first call (whose `texts` counts) for the rest of the process; null, OpenSSL's own default
/// context, when it cannot be made. Thread-safe.
///
/// The first use of one cipher in the default context prepares all of OpenSSL's ciphers, and every
/// new key is looked for among all the names that it knows: together more than sealing a letter
/// takes. Nor does what mail is sealed with depend on openssl.cnf or the environment: they are not
/// read, by the whole process, unless another library has had them read before the first call.
OSSL_LIB_CTX* openssl_library(OpensslTexts texts = OpensslTexts::load);

}  // namespace maildircrypt
