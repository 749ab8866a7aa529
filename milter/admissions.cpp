#include "milter/admissions.hpp"

#include <utility>

namespace maildircrypt {

Admissions::Ticket::Ticket(Ticket&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)),
      octets_(std::exchange(other.octets_, 0)),
      header_octets_(std::exchange(other.header_octets_, 0)) {}

Admissions::Ticket::~Ticket() {
    if (owner_ == nullptr) return;
    owner_->header_octets_.fetch_sub(header_octets_);
    owner_->octets_.fetch_sub(octets_);
    owner_->messages_.fetch_sub(1);
}

bool Admissions::Ticket::take_header(std::size_t octets) {
    if (!raise(owner_->header_octets_, octets, max_header_octets_in_flight)) return false;
    header_octets_ += octets;
    return true;
}

bool Admissions::Ticket::take(std::size_t octets) {
    if (!raise(owner_->octets_, octets, owner_->max_octets_)) return false;
    octets_ += octets;
    return true;
}

std::optional<Admissions::Ticket> Admissions::admit() {
    if (!raise(messages_, 1, max_messages_)) return std::nullopt;
    return std::make_optional<Ticket>(*this);
}

bool Admissions::raise(std::atomic<std::size_t>& counter, std::size_t by, std::size_t limit) {
    std::size_t now = counter.load();
    do {
        if (by > limit || now > limit - by) return false;
    } while (!counter.compare_exchange_weak(now, now + by));
    return true;
}

}  // namespace maildircrypt
