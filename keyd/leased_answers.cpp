#include "keyd/leased_answers.hpp"

#include <algorithm>

namespace maildircrypt {

bool LeasedAnswers::notice_recall() {
    if (!connection_ || connection_->is_open()) return false;
    connection_.reset();
    answers_.clear();
    number_ = 0;
    return true;
}

std::optional<RecipientKeys> LeasedAnswers::find(const Address& address, Time now) const {
    const auto found = answers_.find(address.text());
    if (found == answers_.end() || now >= found->second.until) return std::nullopt;
    return found->second.keys;
}

void LeasedAnswers::take_lease(HttpClient connection) {
    connection_ = std::move(connection);
    answers_.clear();
    number_ = ++last_number_;
}

void LeasedAnswers::remember(LeaseNumber lease, const Address& address, const RecipientKeys& keys,
                             Time asked, std::chrono::seconds time) {
    if (lease == 0 || lease != number_ || time <= std::chrono::seconds{0}) return;
    if (keys.state != KeyState::sealable || keys.plan.seal_to.size() > max_leased_keys) return;
    if (answers_.size() >= max_leased) answers_.clear();
    answers_.insert_or_assign(address.text(), Leased{keys, asked + std::min(time, longest_lease)});
}

}  // namespace maildircrypt
