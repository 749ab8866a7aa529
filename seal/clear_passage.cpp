#include "seal/clear_passage.hpp"

#include "seal/ascii.hpp"
#include "seal/outer_header.hpp"
#include "seal/payload.hpp"
#include "seal/provenance.hpp"

#include <utility>

namespace maildircrypt {

ClearPassage::ClearPassage(std::string host, std::string reason, LineEnd line_end,
                           MessageOutput& output)
    : host_(std::move(host)), reason_(std::move(reason)), line_end_(line_end), output_(output) {}

Result<void> ClearPassage::write(std::string_view piece) {
    if (header_ended_) return pass(piece);
    held_ += piece;
    if (!scanner_.scan(held_) && held_.size() < max_header) return {};
    return end_header();
}

Result<void> ClearPassage::finish() {
    if (!header_ended_) {
        scanner_.finish(held_);
        if (auto done = end_header(); !done) return done;
    }
    return rest_ ? output_.body(Deliverable{rest_->finish()}) : Result<void>{};
}

Result<void> ClearPassage::pass(std::string_view piece) {
    if (!rest_) return output_.body(Deliverable{piece});
    const std::string kept = rest_->take(piece);
    if (rest_->ended()) rest_.reset();
    return output_.body(Deliverable{kept});
}

Result<void> ClearPassage::end_header() {
    header_ended_ = true;
    if (held_.find('\n') != held_.npos)
        line_end_ = detect_line_end(held_) == InputLineEnd::lf ? LineEnd::lf : LineEnd::crlf;
    const std::string_view held = held_;
    std::string_view separator = held.substr(scanner_.length(), scanner_.separator());
    // Without header and empty line the body would continue our field.
    if (scanner_.length() == 0 && separator.empty()) separator = text_of(line_end_);
    const auto fields = split_fields(held.substr(0, scanner_.length()));
    auto done = output_.header(
        make_clear_header(fields, separator, clear_provenance(host_, reason_), line_end_));
    if (separator.empty()) rest_.emplace(same_name(fields.back().name, provenance_name));
    if (done) done = pass(held.substr(scanner_.length() + scanner_.separator()));
    held_.clear();
    return done;
}

}  // namespace maildircrypt
