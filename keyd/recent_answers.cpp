#include "keyd/recent_answers.hpp"

#include <algorithm>

namespace maildircrypt {

RecentAnswers::Era RecentAnswers::era(bool& ended) {
    ended = witness_ && !witness_->is_open();
    if (ended) {
        witness_.reset();
        answers_.clear();
        era_ = 0;
    }
    return era_;
}

std::optional<RecipientKeys> RecentAnswers::find(Era era, const Address& address, Time now) const {
    if (era == 0 || era != era_) return std::nullopt;
    const auto found = answers_.find(address.text());
    if (found == answers_.end() || now >= found->second.until) return std::nullopt;
    return found->second.keys;
}

void RecentAnswers::set_witness(HttpClient connection) {
    witness_ = std::move(connection);
    answers_.clear();
    era_ = ++last_era_;
}

void RecentAnswers::remember(Era era, const Address& address, const RecipientKeys& keys, Time asked,
                             std::chrono::seconds max_age) {
    if (era == 0 || era != era_ || max_age <= std::chrono::seconds{0}) return;
    if (keys.state != KeyState::sealable || keys.plan.seal_to.size() > max_remembered_keys) return;
    if (answers_.size() >= max_remembered) answers_.clear();  // a second has passed, or soon will
    answers_.insert_or_assign(address.text(),
                              Remembered{keys, asked + std::min(max_age, longest_memory)});
}

}  // namespace maildircrypt
