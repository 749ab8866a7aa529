#include "admin/progress.hpp"

#include <algorithm>
#include <iostream>
#include <string>

#include <unistd.h>

namespace maildircrypt {
namespace {

constexpr std::size_t bar_width = 40;
constexpr std::chrono::milliseconds between_drawings{100};

}  // namespace

Progress::Progress(std::size_t total) : total_(total), terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
    clear();
}

void Progress::advance() {
    ++done_;
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || (now - drawn_ < between_drawings && done_ < total_)) return;
    drawn_ = now;
    draw();
}

void Progress::draw() {
    const std::size_t total = std::max<std::size_t>(total_, 1);
    const std::size_t filled = std::min(done_, total) * bar_width / total;
    std::cerr << "\r[" << std::string(filled, '#') << std::string(bar_width - filled, ' ') << "] "
              << done_ << " of " << total_ << " messages" << std::flush;
}

void Progress::clear() const {
    if (terminal_) std::cerr << "\r\x1b[K" << std::flush;
}

void Progress::say(std::string_view line) {
    std::string shown{line};
    std::ranges::replace_if(
        shown, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, '?');
    clear();
    std::cerr << shown << std::endl;
}

}  // namespace maildircrypt
