/// Replaces free() and realloc() of the whole process, libraries included, by ones that wipe what
/// they give back.
///
/// glibc's M_PERTURB does not reach small chunks: they go to a thread's cache before it looks. A
/// header line is such a chunk. Replacing the functions is supported by glibc ("Replacing malloc"
/// in its manual); the rest of the family stays. In a static program (the pipe's worker) libc.a
/// defines them, too: -z muldefs keeps the first, which is ours (Makefile).
#include "base/process.hpp"

#include <algorithm>
#include <cstdlib>

#include <malloc.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)

namespace maildircrypt {

/// The sanitizer replaces the functions itself, and poisons what is freed.
void wipe_freed_memory() {}

}  // namespace maildircrypt

#else

extern "C" void __libc_free(void* memory);

extern "C" void free(void* memory) noexcept {
    if (memory == nullptr) return;
    explicit_bzero(memory, malloc_usable_size(memory));
    __libc_free(memory);
}

/// Always moves when it grows: glibc's own would leave a copy of the contents behind.
extern "C" void* realloc(void* memory, std::size_t size) noexcept {
    if (memory == nullptr) return std::malloc(size);
    const std::size_t old_size = malloc_usable_size(memory);
    if (size > 0 && size <= old_size && size >= old_size / 2) return memory;
    void* moved = size > 0 ? std::malloc(size) : nullptr;
    if (moved != nullptr) memcpy(moved, memory, std::min(old_size, size));
    if (moved != nullptr || size == 0) free(memory);
    return moved;
}

namespace maildircrypt {

/// Nothing to do: whoever names this function gets the two above linked in.
void wipe_freed_memory() {}

}  // namespace maildircrypt

#endif
