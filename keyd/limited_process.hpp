/// Runs a program for its output, and ends it and all that it started in time.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace maildircrypt {

struct ProcessRequest {
    std::string program;                   ///< path
    std::vector<std::string> environment;  ///< all of it: nothing is inherited
    std::string input;                     ///< path of the file that is its standard input
    std::chrono::milliseconds deadline{};
    std::size_t max_output = 0;            ///< octets
    std::vector<std::string> arguments{};  ///< without the program's name
};

/// Its standard output up to the end. Errors (retry): it could not be started, wrote more than
/// allowed, or was not at its end in time. How it ended is not looked at: its output must say that
/// it is whole. Its process group is killed in every case. Any thread: the program is started with
/// posix_spawn, so no code of ours runs in a forked copy of a multi-threaded process.
Result<std::string> run_limited(const ProcessRequest& request);

}  // namespace maildircrypt
