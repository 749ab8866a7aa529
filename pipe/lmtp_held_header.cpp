#include "pipe/lmtp_held_header.hpp"

#include <utility>

namespace maildircrypt::lmtp {
Result<void> HeldHeader::write(std::string_view piece) {
    if (!budget_.take(cost * piece.size())) {
        release();
        return retry("too many octets of headers are in flight");
    }
    taken_ += cost * piece.size();
    held_.insert(held_.end(), piece.begin(), piece.end());
    whole_ = scanner_.scan(text()) || held_.size() >= max_header;
    return {};
}

void HeldHeader::release() {
    held_ = {};
    budget_.give_back(std::exchange(taken_, 0));
}

}  // namespace maildircrypt::lmtp
