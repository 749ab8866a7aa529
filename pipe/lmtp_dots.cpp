#include "pipe/lmtp_dots.hpp"

#include <algorithm>

namespace maildircrypt::lmtp {

DotRemover::Piece DotRemover::next(std::string_view& input) {
    const char first = input.front();
    switch (state_) {
        case State::line_start:
            if (first != '.') return take_text(input);
            state_ = State::dot;
            input.remove_prefix(1);
            return {};
        case State::dot:
            if (first != '\r') return take_text(input);
            state_ = State::dot_cr;
            input.remove_prefix(1);
            return {};
        case State::dot_cr:
            if (first == '\n') {
                state_ = State::line_start;
                input.remove_prefix(1);
                return {{}, true};
            }
            state_ = State::cr;
            return {"\r", false};
        case State::text:
        case State::cr:
            return take_text(input);
    }
    return {};
}

/// Everything up to a line that begins with a dot.
DotRemover::Piece DotRemover::take_text(std::string_view& input) {
    std::size_t size = input.size();
    bool after_cr = state_ == State::cr;
    State next = State::text;
    for (std::size_t from = 0;;) {
        const auto line_feed = input.find('\n', from);
        if (line_feed == input.npos) {
            next = input.back() == '\r' ? State::cr : State::text;
            break;
        }
        const bool ends_line = line_feed == 0 ? after_cr : input[line_feed - 1] == '\r';
        from = line_feed + 1;
        if (from == input.size()) {
            next = ends_line ? State::line_start : State::text;
            break;
        }
        if (ends_line && input[from] == '.') {
            size = from;
            next = State::line_start;
            break;
        }
    }
    state_ = next;
    const Piece piece{input.substr(0, size), false};
    input.remove_prefix(size);
    return piece;
}

Result<void> DotAdder::write(std::string_view content) {
    while (!content.empty()) {
        if (at_line_start_ && content.front() == '.') {
            if (auto written = output_.write("."); !written) return written;
        }
        const std::size_t line = content.find_first_of("\r\n");
        const std::size_t count = std::min(line, content.size() - 1) + 1;
        const char last = content[count - 1];
        at_line_start_ = last == '\r' || last == '\n';
        after_crlf_ = last == '\n' && (count > 1 ? content[count - 2] == '\r' : after_cr_);
        after_cr_ = last == '\r';
        if (auto written = output_.write(content.substr(0, count)); !written) return written;
        content.remove_prefix(count);
    }
    return {};
}

Result<void> DotAdder::finish() {
    return output_.write(after_crlf_ ? ".\r\n" : "\r\n.\r\n");
}

}  // namespace maildircrypt::lmtp
