#include "seal/header_rest.hpp"

#include "seal/ascii.hpp"
#include "seal/header.hpp"
#include "seal/provenance.hpp"

#include <algorithm>
#include <utility>

namespace maildircrypt {
namespace {

/// The name with blanks behind it, and the colon not yet in sight.
bool may_become_provenance(std::string_view start) {
    return has_prefix(start, provenance_name) &&
           trim_blanks(start.substr(provenance_name.size())).empty();
}

}  // namespace

std::string HeaderRest::take(std::string_view piece) {
    std::string kept;
    while (!piece.empty() && !ended_) {
        const auto line = piece.substr(0, std::min(piece.find('\n'), piece.size() - 1) + 1);
        piece.remove_prefix(line.size());
        take_part(line, kept);
    }
    return kept += piece;
}

std::string HeaderRest::finish() {
    if (start_.empty()) return {};
    judge_line();
    return dropping_ ? std::string{} : std::exchange(start_, {});
}

void HeaderRest::take_part(std::string_view part, std::string& kept) {
    const bool line_ends = part.ends_with('\n');
    if (judged_) {
        if (!dropping_) kept += part;
    } else {
        start_ += part;
        if (!line_ends && start_.size() < max_line_start) return;
        judge_line();
        if (!dropping_) kept += start_;
        start_.clear();
    }
    judged_ = !line_ends;
}

void HeaderRest::judge_line() {
    if (is_blank(start_.front())) return;  // goes where its field goes
    const std::string_view name = split_fields(start_).front().name;
    dropping_ = name.empty() ? may_become_provenance(start_) : same_name(name, provenance_name);
    ended_ = name.empty() && !dropping_;
}

}  // namespace maildircrypt
