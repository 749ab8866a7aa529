/// Owners of OpenSSL's public-key handles.
#pragma once

#include "base/handle.hpp"

#include <openssl/evp.h>

namespace maildircrypt {

using Pkey = Handle<EVP_PKEY, EVP_PKEY_free>;
using PkeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

}  // namespace maildircrypt
