#include "keyd/backup_session.hpp"

#include "keyd/store_id.hpp"

namespace maildircrypt {

Result<std::optional<std::string>> BackupSessions::begin(std::unique_ptr<StoreSnapshot> snapshot,
                                                         Clock::time_point now) {
    sweep(now);
    auto token = new_store_id();
    if (!token) return token.error();
    const std::lock_guard guard{mutex_};
    if (sessions_.size() >= max_backups) return std::optional<std::string>{};
    sessions_[*token] = {std::move(snapshot), now};
    return std::optional<std::string>{*token};
}

std::unique_ptr<StoreSnapshot> BackupSessions::take(const std::string& token) {
    const std::lock_guard guard{mutex_};
    const auto found = sessions_.find(token);
    return found == sessions_.end() ? nullptr : std::move(found->second.snapshot);
}

void BackupSessions::put_back(const std::string& token, std::unique_ptr<StoreSnapshot> snapshot,
                              Clock::time_point now) {
    const std::lock_guard guard{mutex_};
    if (snapshot == nullptr)
        sessions_.erase(token);
    else
        sessions_[token] = {std::move(snapshot), now};
}

void BackupSessions::sweep(Clock::time_point now) {
    const std::lock_guard guard{mutex_};
    std::erase_if(sessions_, [now](const auto& entry) {
        return entry.second.snapshot != nullptr && now - entry.second.last > backup_patience;
    });
}

}  // namespace maildircrypt
