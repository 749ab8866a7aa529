/// Who is at the other end of a socket, and what they may do.
#pragma once

#include "base/result.hpp"
#include "keyd/entry_name.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace maildircrypt {

/// Root, the user that keyd runs as, and members of the administrators' group may do everything.
/// Everybody else may look up single addresses and manage the addresses that are theirs.
struct Caller {
    uid_t uid;
    bool admin;
};

/// Finds out who is an administrator.
class Administrators {
public:
    /// Looks the group up once; a group that does not exist has no members.
    static Result<Administrators> of_group(const std::string& name);
    bool has_group() const { return group_.has_value(); }
    /// By SO_PEERCRED and SO_PEERGROUPS of a connected Unix socket: the credentials that the peer
    /// had when it connected.
    Result<Caller> identify(int socket) const;

private:
    std::optional<gid_t> group_;
};

/// The map from system users to addresses. Immutable; any thread. Asks the system's user database
/// (nsswitch), which may be slow.
class Ownership {
public:
    /// System user NAME owns NAME@DOMAIN for each of `domains`. `map` is the text of the map file:
    /// lines `NAME ADDRESS`, `#` begins a comment. Errors name the line.
    static Result<Ownership> create(const std::vector<std::string>& domains, std::string_view map);
    /// Never for uid 65534: it is whoever could not be told apart; and only addresses.
    bool owns(uid_t uid, const EntryName& name) const;

private:
    std::vector<EntryName> domains_;
    std::multimap<EntryName, std::string> users_by_address_;
};

}  // namespace maildircrypt
