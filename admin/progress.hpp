/// A progress bar on standard error, when that is a terminal; nothing otherwise.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace maildircrypt {

class Progress {
public:
    explicit Progress(std::size_t total);
    /// Leaves an empty line behind.
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void advance();
    /// A whole line on standard error that the bar does not disturb. Control characters become `?`.
    void say(std::string_view line);

private:
    void draw();
    void clear() const;

    std::size_t total_;
    std::size_t done_ = 0;
    bool terminal_;
    std::chrono::steady_clock::time_point drawn_;
};

}  // namespace maildircrypt
