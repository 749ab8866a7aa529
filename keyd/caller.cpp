#include "keyd/caller.hpp"

#include "seal/ascii.hpp"

#include <algorithm>
#include <cerrno>

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

constexpr uid_t overflow_uid = 65534;  // user_namespaces(7): every user that has no name here
constexpr std::size_t largest_entry = 1024 * 1024;  // octets of a line in the user database

/// Calls a getXXnam_r(3) function with a buffer that grows as long as it asks for more.
template <class Entry, class Lookup, class Use>
int with_entry(Lookup lookup, Use use) {
    std::vector<char> buffer(4096);
    for (;;) {
        Entry entry;
        Entry* found = nullptr;
        const int error = lookup(&entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE && buffer.size() < largest_entry) {
            buffer.resize(buffer.size() * 2);
            continue;
        }
        if (error == 0 && found != nullptr) use(*found);
        return error;
    }
}

std::optional<uid_t> uid_of(const std::string& name) {
    std::optional<uid_t> uid;
    (void)with_entry<passwd>(  // an unreachable database means: nobody, hence nobody's address
        [&name](auto... rest) { return getpwnam_r(name.c_str(), rest...); },
        [&uid](const passwd& entry) { uid = entry.pw_uid; });
    return uid;
}

std::string name_of_user(uid_t uid) {
    std::string name;
    (void)with_entry<passwd>([uid](auto... rest) { return getpwuid_r(uid, rest...); },
                             [&name](const passwd& entry) { name = entry.pw_name; });
    return name;
}

Result<std::vector<gid_t>> peer_groups(int socket) {
    std::vector<gid_t> groups(64);
    for (;;) {
        auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
        if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
            groups.resize(size / sizeof(gid_t));
            return groups;
        }
        if (errno != ERANGE) return errno_error("SO_PEERGROUPS");
        groups.resize(std::max(size / sizeof(gid_t), groups.size() * 2));
    }
}

std::string_view next_word(std::string_view& line) {
    line = trim_blanks(line);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

}  // namespace

Result<Administrators> Administrators::of_group(const std::string& name) {
    Administrators administrators;
    const int error = with_entry<group>(
        [&name](auto... rest) { return getgrnam_r(name.c_str(), rest...); },
        [&administrators](const group& entry) { administrators.group_ = entry.gr_gid; });
    if (error != 0) return errno_error("look up the group " + name, error);
    return administrators;
}

Result<Caller> Administrators::identify(int socket) const {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return errno_error("SO_PEERCRED");
    Caller caller{peer.uid, peer.uid == 0 || peer.uid == ::geteuid()};
    if (caller.admin || !group_) return caller;
    auto groups = peer_groups(socket);
    if (!groups) return groups.error();
    caller.admin =
        peer.gid == *group_ || std::find(groups->begin(), groups->end(), *group_) != groups->end();
    return caller;
}

Result<Ownership> Ownership::create(const std::vector<std::string>& domains, std::string_view map) {
    Ownership ownership;
    for (const auto& domain : domains) {
        auto whole = EntryName::parse('@' + domain);
        if (!whole) return refuse("user-domains: not a domain: " + domain);
        ownership.domains_.push_back(std::move(*whole));
    }
    for (int number = 1; !map.empty(); ++number) {
        const std::size_t end = std::min(map.find('\n'), map.size());
        std::string_view line = map.substr(0, end);
        map.remove_prefix(std::min(end + 1, map.size()));
        line = line.substr(0, line.find('#'));
        const std::string user{next_word(line)};
        const std::string_view text = next_word(line);
        if (user.empty()) continue;
        auto address = Address::parse(text);
        if (!address || !trim_blanks(line).empty())
            return refuse("user-map: line " + std::to_string(number) + " is not `NAME ADDRESS`");
        ownership.users_by_address_.emplace(*address, user);
    }
    return ownership;
}

bool Ownership::owns(uid_t uid, const EntryName& name) const {
    if (uid == overflow_uid || name.kind() != EntryKind::address) return false;
    const auto [first, last] = users_by_address_.equal_range(name);
    const bool mapped =
        std::any_of(first, last, [uid](const auto& entry) { return uid_of(entry.second) == uid; });
    if (mapped) return true;
    const auto whole = EntryName::whole_domain(name.domain());
    if (std::find(domains_.begin(), domains_.end(), whole) == domains_.end()) return false;
    // Of a user whose name folds to another one (straße) the address may be that other user's.
    return fold_ascii(name_of_user(uid)) + whole.text() == name.text();
}

}  // namespace maildircrypt
