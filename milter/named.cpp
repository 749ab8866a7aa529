#include "milter/named.hpp"

#include "seal/ascii.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

/// Walks once through an address-list. Text between separators is gathered without comments and
/// blanks; an angle address discards the display name before it.
class ListReader {
public:
    explicit ListReader(std::string_view text) : text_(text) {}

    std::vector<Address> read() {
        while (at_ < text_.size()) step(text_[at_]);
        end_mailbox();
        return std::move(found_);
    }

private:
    void step(char c) {
        if (c == '(') return skip_comment();
        if (c == '"') return take_quoted();
        ++at_;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            blank_ = true;
        } else if (c == '<') {
            start_over();
            in_angle_ = true;
        } else if (c == '>' && in_angle_) {
            in_angle_ = false;
            end_mailbox();
            done_ = true;
        } else if (!in_angle_ && (c == ',' || c == ';')) {
            end_mailbox();
        } else if (!in_angle_ && c == ':') {
            start_over();  // the name of a group
        } else {
            take(c);
        }
    }

    /// Blanks may stand around `@` and `.` only; anywhere else two words are no address.
    void take(char c) {
        const auto joins = [](char x) { return x == '@' || x == '.'; };
        if (blank_ && !current_.empty() && !joins(current_.back()) && !joins(c)) broken_ = true;
        blank_ = false;
        current_ += c;
    }

    void take_quoted() {
        take(text_[at_++]);
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            current_ += c;
            if (c == '"') return;
            if (c == '\\' && at_ < text_.size()) current_ += text_[at_++];
        }
        broken_ = true;
    }

    void skip_comment() {
        int depth = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == '\\' && at_ < text_.size()) ++at_;
            if (c == '(') ++depth;
            if (c == ')' && --depth == 0) break;
        }
        blank_ = true;
        if (depth != 0) broken_ = true;
    }

    void start_over() {
        current_.clear();
        blank_ = broken_ = false;
    }

    void end_mailbox() {
        if (!done_ && !broken_ && !in_angle_ && !current_.empty()) {
            auto address = Address::parse(current_);
            if (address) found_.push_back(std::move(*address));
        }
        start_over();
        done_ = false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string current_;
    bool in_angle_ = false;
    bool blank_ = false;
    bool broken_ = false;
    bool done_ = false;  ///< the mailbox had its angle address; what follows it is noise
    std::vector<Address> found_;
};

}  // namespace

std::vector<Address> addresses_in(std::string_view value) {
    return ListReader{value}.read();
}

void NamedAddresses::field(std::string_view name, std::string_view value) {
    if (!same_name(name, "to") && !same_name(name, "cc")) return;
    for (const Address& address : addresses_in(value)) {
        if (named_.size() == max_named) overflow_ = true;
        if (!overflow_) named_.insert(address.text());
    }
}

bool NamedAddresses::has_all(std::span<const Address> addresses) const {
    return !overflow_ &&
           std::all_of(addresses.begin(), addresses.end(),
                       [&](const Address& address) { return named_.count(address.text()) > 0; });
}

}  // namespace maildircrypt
