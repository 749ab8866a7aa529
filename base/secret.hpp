/// Memory for plaintext and session keys: it is wiped before it is given back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <string.h>  // explicit_bzero (glibc): a wipe that the compiler may not remove

namespace maildircrypt {

/// For std::vector only: std::string keeps short values inside itself, where no allocator wipes.
template <class T>
struct WipingAllocator {
    using value_type = T;
    WipingAllocator() = default;
    template <class U>
    WipingAllocator(const WipingAllocator<U>&) {}
    T* allocate(std::size_t count) { return std::allocator<T>{}.allocate(count); }
    void deallocate(T* memory, std::size_t count) {
        explicit_bzero(memory, count * sizeof(T));
        std::allocator<T>{}.deallocate(memory, count);
    }
    friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

/// Growable plaintext; a growth wipes what it leaves behind.
using SecretText = std::vector<char, WipingAllocator<char>>;
using SecretOctets = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

/// A key or block of fixed size, wiped at the end of its life. Neither copied nor moved.
template <std::size_t N>
class SecretArray {
public:
    SecretArray() = default;
    ~SecretArray() { explicit_bzero(octets_.data(), N); }
    SecretArray(const SecretArray&) = delete;
    SecretArray& operator=(const SecretArray&) = delete;

    std::uint8_t* data() { return octets_.data(); }
    const std::uint8_t* data() const { return octets_.data(); }
    static constexpr std::size_t size() { return N; }
    std::span<std::uint8_t> span() { return octets_; }
    std::span<const std::uint8_t> span() const { return octets_; }

private:
    std::array<std::uint8_t, N> octets_{};
};

}  // namespace maildircrypt
