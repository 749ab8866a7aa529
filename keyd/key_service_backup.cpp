#include "keyd/backup_json.hpp"
#include "keyd/compiled_answer.hpp"
#include "keyd/json_fields.hpp"
#include "keyd/json_text.hpp"
#include "keyd/key_service.hpp"
#include "keyd/restore_merge.hpp"
#include "keyd/service_json.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t entries_at_a_time = 20;
constexpr std::size_t rows_at_a_time = 1000;
constexpr std::size_t page_octets = 4 * 1024 * 1024;  // beyond it the page ends
constexpr int restore_attempts = 5;

ApiReply unknown_backup() {
    return error_reply(404, "unknown_backup",
                       "There is no such backup, or it waited too long: begin again.");
}

ApiReply bad_backup(const std::string& why) {
    return error_reply(422, "backup_refused", why);
}

std::string restore_channel(const Caller& caller) {
    if (caller.uid == 0) return "restore:root";
    return "restore:admin:" + std::to_string(caller.uid);
}

Result<json> read_entries(StoreSnapshot& snapshot, std::string after) {
    json entries = json::array();
    std::size_t octets = 0;
    for (;;) {
        auto some = snapshot.entries(after, entries_at_a_time);
        if (!some) return some.error();
        for (const auto& entry : *some) {
            entries.push_back(write_entry(entry));
            for (const auto& one : entry.binding.certificates) octets += 2 * one.binary.size();
            octets += 1024 + 64 * entry.binding.recognise.size();
        }
        if (some->size() < entries_at_a_time)
            return json{{"entries", std::move(entries)}, {"next", nullptr}};
        after = some->back().name.text();
        if (octets > page_octets) return json{{"entries", std::move(entries)}, {"next", after}};
    }
}

Result<json> read_rows(StoreSnapshot& snapshot, std::int64_t after) {
    auto some = snapshot.log(after, rows_at_a_time);
    if (!some) return some.error();
    json rows = json::array();
    for (const auto& row : *some) rows.push_back(write_row(row));
    const bool more = some->size() == rows_at_a_time;
    return json{{"rows", std::move(rows)},
                {"next", more ? json(some->back().row.sequence) : json()}};
}

}  // namespace

ApiReply KeyService::begin_backup() {
    auto snapshot = world_.store.snapshot();
    if (!snapshot) return store_failed(snapshot.error());
    const StoreStamp stamp = (*snapshot)->stamp();
    auto token = backups_.begin(std::move(*snapshot), Clock::now());
    if (!token) return store_failed(token.error());
    if (!*token)
        return error_reply(503, "busy", "Other backups are being read; try again in a minute.");
    world_.log.event(LogLevel::info, "backup_begun",
                     {{"revision", std::to_string(stamp.revision)}});
    return json_reply(200, {{"backup", **token},
                            {"store", {{"id", stamp.id}, {"revision", stamp.revision}}},
                            {"log", {{"sequence", stamp.log.sequence}, {"head", stamp.log.head}}},
                            {"time", world_.clock()}});
}

ApiReply KeyService::read_backup(const ApiRequest& request) {
    backups_.sweep(Clock::now());
    auto snapshot = backups_.take(request.token);
    if (snapshot == nullptr) return unknown_backup();
    auto page = request.action == Action::backup_entries
                    ? read_entries(*snapshot, request.after)
                    : read_rows(*snapshot, request.after_sequence);
    // Rows come last: with the last of them the state is given up.
    const bool through = page && request.action == Action::backup_log && (*page)["next"].is_null();
    backups_.put_back(request.token, through || !page ? nullptr : std::move(snapshot),
                      Clock::now());
    if (!page) return store_failed(page.error());
    return json_reply(200, *page);
}

/// Whether a backup with this stamp may be restored here; the reply when not.
std::optional<ApiReply> KeyService::refuse_restore(const StoreStamp& backup,
                                                   const StoreStamp& present) {
    if (backup.id != present.id || backup.log.sequence == 0) return std::nullopt;
    auto rows = world_.store.log(backup.log.sequence - 1, 1, std::nullopt);
    if (!rows) return store_failed(rows.error());
    const bool later = !rows->empty() && rows->front().sequence == backup.log.sequence &&
                       rows->front().hash == backup.log.head;
    if (later) return std::nullopt;
    return error_reply(409, "restore_refused",
                       "This store is an older state of the one that was backed up, or changed in "
                       "another way since: what was removed meanwhile would come back. Make a new "
                       "one with keyd init, and restore into that.");
}

Result<json> KeyService::restore_entry(const StoredBinding& entry, const StoreStamp& backup,
                                       const StoreStamp& present, const std::string& channel) {
    const std::string& name = entry.name.text();
    const auto anybody = Address::parse("anybody@invalid");
    const auto join = [&](const Certificate& one, const Certificate& other) {
        const std::vector<OctetString> stored{one.binary};
        return world_.accept(as_text(other.binary), *anybody, true, stored, world_.clock());
    };
    for (int attempt = 0; attempt < restore_attempts; ++attempt) {
        auto binding = world_.store.binding(entry.name);
        if (!binding) return binding.error();
        bool known_before = backup.id == present.id;
        if (binding->version == 0 && !known_before) {
            auto rows = world_.store.log(0, 1, entry.name);
            if (!rows) return rows.error();
            known_before = !rows->empty();
        }
        const std::int64_t version = binding->version;
        auto merged = merge_entry(std::move(*binding), entry.binding, known_before, join);
        if (!merged)
            return json{{"name", name}, {"result", "skipped"}, {"note", merged.error().what}};
        if (!merged->binding)
            return json{{"name", name},
                        {"result", merged->note.empty() ? "unchanged" : "skipped"},
                        {"note", merged->note}};
        Binding& wanted = *merged->binding;
        remember_subkeys(wanted);
        wanted.version = std::max<std::int64_t>(version, 1);
        CompiledAnswer answer =
            compile_answer(entry.name, wanted, world_.clock(), world_.rules.all_subkeys);
        const Change change{entry.name, version, channel, world_.clock(),
                            Bound{wanted.certificates, wanted.recognise, std::move(answer),
                                  wanted.lost, wanted.targets}};
        auto applied = world_.store.apply({&change, 1});
        if (!applied) return applied.error();
        if (*applied == Applied::done)
            return json{{"name", name},
                        {"result", version == 0 ? "restored" : "merged"},
                        {"note", merged->note}};
    }
    return json{{"name", name}, {"result", "skipped"}, {"note", "others are changing it"}};
}

ApiReply KeyService::restore(const Caller& caller, std::string_view body) {
    const json object = parse_json(body);
    JsonFields fields{object};
    StoreStamp backup;
    if (!read_stamp(fields, backup)) return bad_backup("The request names no store and no log.");
    std::vector<StoredBinding> entries;
    for (const auto& one : fields.list("entries")) {
        auto entry = read_entry(one);
        if (!entry) return bad_backup(entry.error().what);
        entries.push_back(std::move(*entry));
    }
    if (!fields.ok()) return bad_backup("The request names no entries.");
    auto present = world_.store.stamp();
    if (!present) return store_failed(present.error());
    if (auto refused = refuse_restore(backup, *present)) return *refused;
    json results = json::array();
    for (const auto& entry : entries) {
        auto result = restore_entry(entry, backup, *present, restore_channel(caller));
        if (!result) return store_failed(result.error());
        world_.log.event(LogLevel::info, "entry_restored",
                         {{"address", entry.name.text()},
                          {"result", (*result)["result"].get<std::string>()},
                          {"note", (*result)["note"].get<std::string>()},
                          {"channel", restore_channel(caller)}});
        results.push_back(std::move(*result));
    }
    return json_reply(200, {{"entries", std::move(results)}});
}

}  // namespace maildircrypt
