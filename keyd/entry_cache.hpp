/// Entries of a store that were read lately, within a bound: what a keyd knows while its database
/// is away.
#pragma once

#include "keyd/store.hpp"

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace maildircrypt {

/// Octets of names and texts, with a guess at what lies around them. Entries that are there and
/// names that have none have a bound each: asking for made-up names pushes out no key.
struct EntryCacheLimits {
    std::size_t known = 64 * 1024 * 1024;
    std::size_t absent = 8 * 1024 * 1024;
};

/// What was of use longest ago goes first. One thread.
class EntryCache {
public:
    explicit EntryCache(EntryCacheLimits limits) : known_(limits.known), absent_(limits.absent) {}

    /// Null: nothing is known of the name. Until the next call; an empty optional: it has no entry.
    const std::optional<StoredEntry>* find(std::string_view name);
    void put(std::string_view name, const std::optional<StoredEntry>& entry);
    void drop(std::string_view name);
    void clear();

private:
    struct Item {
        std::string name;
        std::optional<StoredEntry> entry;
        std::size_t octets;
    };
    class Shelf {
    public:
        explicit Shelf(std::size_t limit) : limit_(limit) {}
        const std::optional<StoredEntry>* find(std::string_view name);
        void put(std::string_view name, const std::optional<StoredEntry>& entry);
        void drop(std::string_view name);
        void clear();

    private:
        std::size_t limit_;
        std::size_t octets_ = 0;
        std::list<Item> items_;  ///< the one of use last in front
        std::unordered_map<std::string_view, std::list<Item>::iterator> by_name_;
    };
    Shelf known_;
    Shelf absent_;
};

}  // namespace maildircrypt
