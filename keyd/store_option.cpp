#include "keyd/store_option.hpp"

#include "keyd/postgresql_store.hpp"
#include "keyd/sqlite_store.hpp"

#include <optional>
#include <string_view>

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

enum class StoreKind { sqlite, postgresql };

struct StorePlace {
    StoreKind kind;
    std::string place;
};

std::optional<std::string> behind(const std::string& option, std::string_view prefix) {
    if (!option.starts_with(prefix) || option.size() == prefix.size()) return std::nullopt;
    return option.substr(prefix.size());
}

Result<StorePlace> parse_place(const std::string& option) {
    if (option.starts_with("postgresql://")) return StorePlace{StoreKind::postgresql, option};
    if (auto place = behind(option, "sqlite:")) return StorePlace{StoreKind::sqlite, *place};
    if (auto place = behind(option, "postgresql:"))
        return StorePlace{StoreKind::postgresql, *place};
    // What was given may hold a password.
    return refuse("--store is sqlite:PATH or postgresql:CONNINFO");
}

}  // namespace

Result<std::string> init_store(const std::string& option) {
    auto place = parse_place(option);
    if (!place) return place.error();
    switch (place->kind) {
        case StoreKind::sqlite:
            return init_sqlite_store(place->place);
        case StoreKind::postgresql:
            break;
    }
    return init_postgresql_store(place->place);
}

Result<void> become_owner(const std::string& option) {
    const auto path = behind(option, "sqlite:");
    if (!path || ::geteuid() != 0) return {};
    const std::size_t slash = path->rfind('/');
    const std::string directory = slash == path->npos ? "." : path->substr(0, slash + 1);
    struct stat owner {};
    if (::stat(directory.c_str(), &owner) != 0) return errno_error(directory);
    if (owner.st_uid == 0) return {};
    if (::setgroups(0, nullptr) != 0 ||
        ::setresgid(owner.st_gid, owner.st_gid, owner.st_gid) != 0 ||
        ::setresuid(owner.st_uid, owner.st_uid, owner.st_uid) != 0)
        return errno_error("become the owner of " + directory);
    return {};
}

Result<std::unique_ptr<Store>> open_store(const std::string& option,
                                          const StoreSettings& settings) {
    auto place = parse_place(option);
    if (!place) return place.error();
    switch (place->kind) {
        case StoreKind::sqlite:
            return open_sqlite_store(place->place);
        case StoreKind::postgresql:
            break;
    }
    return open_postgresql_store(place->place, settings);
}

}  // namespace maildircrypt
