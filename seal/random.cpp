#include "seal/random.hpp"

#include <cerrno>
#include <system_error>

#include <string.h>
#include <sys/random.h>

namespace maildircrypt {

Result<void> fill_random(std::span<std::uint8_t> octets) {
    for (auto left = octets; !left.empty();) {
        const ssize_t size = ::getrandom(left.data(), left.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) {
            const int error = errno;
            explicit_bzero(octets.data(), octets.size());
            return retry("random octets: " + std::generic_category().message(error));
        }
        left = left.subspan(static_cast<std::size_t>(size));
    }
    return {};
}

}  // namespace maildircrypt
