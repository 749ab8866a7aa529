#include "keyd/store_option.hpp"

#include "keyd/postgresql_store.hpp"
#include "keyd/sqlite_store.hpp"

#include <optional>
#include <string_view>

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
