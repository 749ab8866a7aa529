#include "keyd/store_option.hpp"

#include "keyd/sqlite_store.hpp"

#include <string_view>

namespace maildircrypt {
namespace {

constexpr std::string_view sqlite_prefix = "sqlite:";

Result<std::string> sqlite_path(const std::string& option) {
    if (!option.starts_with(sqlite_prefix) || option.size() == sqlite_prefix.size())
        return refuse("--store is sqlite:PATH, not '" + option + "'");
    return option.substr(sqlite_prefix.size());
}

}  // namespace

Result<std::string> init_store(const std::string& option) {
    auto path = sqlite_path(option);
    return path ? init_sqlite_store(*path) : path;
}

Result<std::unique_ptr<Store>> open_store(const std::string& option) {
    auto path = sqlite_path(option);
    if (!path) return path.error();
    return open_sqlite_store(*path);
}

}  // namespace maildircrypt
