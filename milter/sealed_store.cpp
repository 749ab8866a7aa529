#include "milter/sealed_store.hpp"

#include <limits>

namespace maildircrypt {

SealedStore::SealedStore(SpillBudget& budget, Admissions::Ticket& ticket, std::size_t size_limit)
    : ticket_(ticket), size_limit_(size_limit), body_(std::in_place, budget) {}

Result<void> SealedStore::header(const OuterHeader& header) {
    header_ = header;
    count(header.render().size());
    return {};
}

Result<void> SealedStore::body(Deliverable piece) {
    count(piece.text().size());
    return body_ ? body_->write(piece.text()) : Result<void>{};
}

void SealedStore::count(std::size_t octets) {
    size_ += octets;
    if (state_ != State::complete) return;
    if (size_limit_ != 0 && size_ > size_limit_) {
        state_ = State::too_large;
    } else if (!ticket_.take(octets)) {
        state_ = State::too_much;
    } else {
        return;
    }
    body_.reset();
}

std::size_t queued_size(std::size_t sealed, std::size_t fields, std::size_t field_octets,
                        std::size_t recipients) {
    constexpr std::size_t envelope = 2048;
    constexpr std::size_t per_recipient = 256;
    constexpr std::size_t per_field = 20;
    return sealed + field_octets + fields * per_field + envelope + recipients * per_recipient;
}

std::size_t least_sealed_size(std::size_t octets, bool compressed) {
    // A number so large that this overflows is beyond every limit anyway.
    if (compressed || octets > std::numeric_limits<std::size_t>::max() / 8) return octets;
    const std::size_t base64 = (octets + 2) / 3 * 4;
    return base64 + base64 / 76 * 2;
}

}  // namespace maildircrypt
