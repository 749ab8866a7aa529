#include "keyd/entry_cache.hpp"

namespace maildircrypt {
namespace {

constexpr std::size_t around_an_item = 256;  // octets: nodes of list and map, allocations

std::size_t size_of(std::string_view name, const std::optional<StoredEntry>& entry) {
    std::size_t octets = around_an_item + name.size();
    if (!entry) return octets;
    octets += entry->text.size();
    for (const auto& target : entry->targets) octets += sizeof(target) + target.text().size();
    return octets;
}

}  // namespace

const std::optional<StoredEntry>* EntryCache::Shelf::find(std::string_view name) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return nullptr;
    items_.splice(items_.begin(), items_, found->second);
    return &found->second->entry;
}

void EntryCache::Shelf::put(std::string_view name, const std::optional<StoredEntry>& entry) {
    drop(name);
    const std::size_t octets = size_of(name, entry);
    if (octets > limit_) return;
    items_.push_front({std::string{name}, entry, octets});
    by_name_.emplace(items_.front().name, items_.begin());
    octets_ += octets;
    while (octets_ > limit_) drop(std::string{items_.back().name});
}

void EntryCache::Shelf::drop(std::string_view name) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return;
    const auto item = found->second;
    octets_ -= item->octets;
    by_name_.erase(found);
    items_.erase(item);
}

void EntryCache::Shelf::clear() {
    by_name_.clear();
    items_.clear();
    octets_ = 0;
}

const std::optional<StoredEntry>* EntryCache::find(std::string_view name) {
    const auto* known = known_.find(name);
    return known != nullptr ? known : absent_.find(name);
}

void EntryCache::put(std::string_view name, const std::optional<StoredEntry>& entry) {
    drop(name);
    (entry ? known_ : absent_).put(name, entry);
}

void EntryCache::drop(std::string_view name) {
    known_.drop(name);
    absent_.drop(name);
}

void EntryCache::clear() {
    known_.clear();
    absent_.clear();
}

}  // namespace maildircrypt
