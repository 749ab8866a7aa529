#include "pipe/mbox_line.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

constexpr std::string_view prefix = "From ";

}  // namespace

Result<void> MboxLineRemover::write(std::string_view piece) {
    while (phase_ == Phase::prefix && !piece.empty()) {
        if (piece.front() != prefix[matched_]) {
            if (auto finished = finish(); !finished) return finished;
            break;
        }
        piece.remove_prefix(1);
        if (++matched_ == prefix.size()) phase_ = Phase::line;
    }
    if (phase_ == Phase::line) {
        const std::size_t end = std::min(piece.find('\n'), piece.size());
        if (end < piece.size()) phase_ = Phase::rest;
        piece.remove_prefix(std::min(end + 1, piece.size()));
    }
    return piece.empty() ? Result<void>{} : next_.write(piece);
}

Result<void> MboxLineRemover::finish() {
    if (phase_ != Phase::prefix) return {};
    phase_ = Phase::rest;
    return matched_ == 0 ? Result<void>{} : next_.write(prefix.substr(0, matched_));
}

}  // namespace maildircrypt
