#include "pipe/mbox_line.hpp"

#include "seal/ascii.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

constexpr std::string_view prefix = "From ";
constexpr std::size_t max_blanks = 256;  ///< with more of them it is no field that anybody wrote

}  // namespace

Result<void> MboxLineRemover::write(std::string_view piece) {
    while (phase_ == Phase::prefix && !piece.empty()) {
        if (piece.front() != prefix[matched_]) {
            if (auto finished = finish(); !finished) return finished;
            break;
        }
        piece.remove_prefix(1);
        if (++matched_ == prefix.size()) phase_ = Phase::blanks;
    }
    while (phase_ == Phase::blanks && !piece.empty()) {
        if (is_blank(piece.front()) && blanks_.size() < max_blanks) {
            blanks_ += piece.front();
            piece.remove_prefix(1);
            continue;
        }
        phase_ = piece.front() == ':' ? Phase::rest : Phase::line;
        if (phase_ == Phase::line) break;
        if (auto written = next_.write(std::string{prefix} + blanks_); !written) return written;
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
