#include "keyd/upload_budget.hpp"

namespace maildircrypt {

std::optional<UploadBudget::Ticket> UploadBudget::take(const Caller& caller, std::size_t octets) {
    Share& share = caller.admin ? administrators_ : users_;
    if (share.count >= limits_.count || octets > limits_.octets - share.octets) return std::nullopt;
    if (!caller.admin) {
        const auto found = by_user_.find(caller.uid);
        if (found != by_user_.end() && found->second >= limits_.per_user) return std::nullopt;
        ++by_user_[caller.uid];
    }
    ++share.count;
    share.octets += octets;
    return Ticket{*this, caller, octets};
}

void UploadBudget::give_back(const Caller& caller, std::size_t octets) {
    Share& share = caller.admin ? administrators_ : users_;
    --share.count;
    share.octets -= octets;
    if (caller.admin) return;
    const auto found = by_user_.find(caller.uid);
    if (--found->second == 0) by_user_.erase(found);
}

}  // namespace maildircrypt
