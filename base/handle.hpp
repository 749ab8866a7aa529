/// One owner template for every handle of a C library: `using Digest = Handle<EVP_MD_CTX,
/// EVP_MD_CTX_free>`.
#pragma once

#include <memory>

namespace maildircrypt {

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* handle) const {
        Free(handle);
    }
};

template <class T, auto Free>
using Handle = std::unique_ptr<T, Freer<Free>>;

}  // namespace maildircrypt
