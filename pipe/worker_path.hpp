/// Where the pipe's supervisor finds its worker. Needs nothing but libc.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

#include <unistd.h>

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/libexec/maildircrypt"
#endif

namespace maildircrypt {

/// Beside this program, else where it is installed. The environment has no say in it.
class WorkerPath {
public:
    WorkerPath() {
        const ssize_t size = ::readlink("/proc/self/exe", beside_.data(), PATH_MAX - 1);
        const std::string_view own{beside_.data(),
                                   static_cast<std::size_t>(std::max(size, ssize_t{0}))};
        const auto slash = own.rfind('/');
        if (slash == own.npos)
            beside_.front() = '\0';
        else
            std::memcpy(beside_.data() + slash + 1, name, sizeof name);
    }

    /// Becomes the worker. Comes back only when there is none that can be executed, with errno set.
    void execute(char* argv[]) const {
        errno = ENOENT;
        if (beside_.front() != '\0') (void)::execve(beside_.data(), argv, environ);
        if (errno == ENOENT) (void)::execve(installed, argv, environ);
    }

private:
    static constexpr char name[] = "maildircrypt-pipe-worker";
    static constexpr char installed[] = LIBEXECDIR "/maildircrypt-pipe-worker";
    std::array<char, PATH_MAX + sizeof name> beside_{};
};

}  // namespace maildircrypt
