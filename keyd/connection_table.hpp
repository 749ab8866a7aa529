/// All connections of a daemon: how many there may be, and when one has been silent for too long.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>

#include <sys/types.h>

namespace maildircrypt {

/// A connection as the table sees it.
class TabledConnection {
public:
    using Time = std::chrono::steady_clock::time_point;

    virtual ~TabledConnection() = default;
    /// Closes the socket: pending operations end with an error.
    virtual void abort() = 0;
    /// Keys have changed: the connection ends, at once or after the reply that is under way, if its
    /// client may remember an answer while it is open.
    virtual void recall_lease() {}

    uid_t uid = 0;
    bool privileged = false;  ///< not counted against the limit for one user
    bool waiting = true;      ///< for the client; false while we are working for it
    Time deadline{};          ///< the client has to be done by then; looked at while `waiting`
};

struct ConnectionLimits {
    std::size_t all = 4096;
    std::size_t per_user = 256;
};

/// When a limit is reached, the connection that was added first and waits for its client gives way:
/// idle and half-finished clients never lock out others. One thread.
class ConnectionTable {
public:
    using Entry = std::list<std::shared_ptr<TabledConnection>>::iterator;

    explicit ConnectionTable(ConnectionLimits limits) : limits_(limits) {}

    Entry add(std::shared_ptr<TabledConnection> connection);
    void remove(Entry entry);
    /// Puts it behind all others: it was just of use to its client.
    void touch(Entry entry);
    /// Aborts those that have passed their deadline.
    void sweep(TabledConnection::Time now);
    /// Aborts those that wait for their clients (at the end of the program).
    void abort_waiting();
    /// Calls recall_lease() of each.
    void recall_leases();
    std::size_t size() const { return connections_.size(); }

private:
    void make_room(const TabledConnection& newcomer);

    ConnectionLimits limits_;
    std::list<std::shared_ptr<TabledConnection>> connections_;  ///< longest untouched first
};

}  // namespace maildircrypt
