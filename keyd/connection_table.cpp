#include "keyd/connection_table.hpp"

#include <algorithm>
#include <vector>

namespace maildircrypt {

ConnectionTable::Entry ConnectionTable::add(std::shared_ptr<TabledConnection> connection) {
    make_room(*connection);
    return connections_.insert(connections_.end(), std::move(connection));
}

void ConnectionTable::remove(Entry entry) {
    connections_.erase(entry);
}

void ConnectionTable::touch(Entry entry) {
    connections_.splice(connections_.end(), connections_, entry);
}

void ConnectionTable::make_room(const TabledConnection& newcomer) {
    const auto counted = [&newcomer](const auto& connection) {
        return !connection->privileged && connection->uid == newcomer.uid;
    };
    const auto waits = [](const auto& connection) { return connection->waiting; };
    auto victim = connections_.end();
    if (!newcomer.privileged) {
        const auto count = std::count_if(connections_.begin(), connections_.end(), counted);
        if (static_cast<std::size_t>(count) >= limits_.per_user)
            victim = std::find_if(connections_.begin(), connections_.end(),
                                  [&](const auto& c) { return counted(c) && waits(c); });
    }
    if (victim == connections_.end() && connections_.size() >= limits_.all)
        victim = std::find_if(connections_.begin(), connections_.end(), waits);
    if (victim == connections_.end()) return;
    // It leaves the table when its pending operation ends; until then it counts no more as waiting.
    (*victim)->waiting = false;
    (*victim)->abort();
}

void ConnectionTable::sweep(TabledConnection::Time now) {
    for (const auto& connection : connections_) {
        if (!connection->waiting || now < connection->deadline) continue;
        connection->waiting = false;
        connection->abort();
    }
}

void ConnectionTable::recall_leases() {
    for (const auto& connection : connections_) connection->recall_lease();
}

void ConnectionTable::abort_waiting() {
    for (const auto& connection : connections_) {
        if (!connection->waiting) continue;
        connection->waiting = false;
        connection->abort();
    }
}

}  // namespace maildircrypt
