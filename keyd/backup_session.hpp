/// Backups that are being read: each holds one state of the store until its reader is through, or
/// stays away.
#pragma once

#include "keyd/store.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace maildircrypt {

inline constexpr std::size_t max_backups = 4;               ///< at a time
inline constexpr std::chrono::seconds backup_patience{50};  ///< between two requests

/// Any thread.
class BackupSessions {
public:
    using Clock = std::chrono::steady_clock;
    /// A token under which the snapshot is found again; nothing when there are too many.
    Result<std::optional<std::string>> begin(std::unique_ptr<StoreSnapshot> snapshot,
                                             Clock::time_point now);
    /// Takes it out, so that nobody else reads from it meanwhile; null: there is none.
    std::unique_ptr<StoreSnapshot> take(const std::string& token);
    void put_back(const std::string& token, std::unique_ptr<StoreSnapshot> snapshot,
                  Clock::time_point now);
    /// Ends those whose readers stay away.
    void sweep(Clock::time_point now);

private:
    struct Session {
        std::unique_ptr<StoreSnapshot> snapshot;  ///< null while it is taken out
        Clock::time_point last;
    };
    std::mutex mutex_;
    std::map<std::string, Session> sessions_;
};

}  // namespace maildircrypt
