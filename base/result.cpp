#include "base/result.hpp"

#include <cerrno>
#include <cstring>

namespace maildircrypt {

Error errno_error(const std::string& step, int error_number) {
    char buffer[128];
    return retry(step + ": " + strerror_r(error_number, buffer, sizeof buffer));
}

Error errno_error(const std::string& step) {
    return errno_error(step, errno);
}

}  // namespace maildircrypt
