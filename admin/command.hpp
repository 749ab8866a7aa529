/// The sub-commands of `maildircrypt` and how they end.
#pragma once

#include <string_view>

namespace maildircrypt {

/// maildircrypt(1), EXIT STATUS.
enum class ExitStatus {
    done = 0,
    some_failed = 1,  ///< named on standard error; the rest is done
    broken_off = 2,   ///< wrong usage, or something that concerns more than one message
    not_sealed = 3,   ///< nothing failed, but not everything was sealed
};

struct Command {
    std::string_view name;
    std::string_view summary;
    /// `argv` starts with the command's own name.
    ExitStatus (*run)(int argc, const char* const argv[]);
};

}  // namespace maildircrypt
