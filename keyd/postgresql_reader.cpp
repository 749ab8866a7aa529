#include "keyd/postgresql_reader.hpp"

#include "keyd/postgresql_changes.hpp"
#include "keyd/postgresql_open.hpp"

#include <algorithm>
#include <ctime>

namespace maildircrypt {
namespace {

constexpr PostgresqlPatience patience{std::chrono::milliseconds{3'000}, lookup_patience};

/// Whether it can make an answer other than "no key": a recovery certificate alone cannot.
bool answers(const EntryName& name, const std::optional<StoredEntry>& entry) {
    return entry && name.kind() != EntryKind::recovery;
}

}  // namespace

Result<std::unique_ptr<StoreReader>> PostgresqlReader::open(const std::string& conninfo,
                                                            const StoreSettings& settings,
                                                            std::shared_ptr<KnownHistory> history) {
    auto opened = open_again(conninfo, patience, history->newest());
    if (!opened) return opened.error();
    return std::unique_ptr<StoreReader>{std::make_unique<PostgresqlReader>(
        conninfo, settings, std::move(history), std::move(opened->connection))};
}

PostgresqlReader::PostgresqlReader(const std::string& conninfo, const StoreSettings& settings,
                                   std::shared_ptr<KnownHistory> history,
                                   PostgresqlConnection connection)
    : stale_answers_(settings.stale_answers),
      history_(std::move(history)),
      latest_(history_->newest()),
      confirmed_(),
      heard_(Clock::now()),
      connection_(std::move(connection)),
      watcher_(conninfo, patience, history_, settings.log) {}

Result<FoundEntries> PostgresqlReader::find(std::span<const EntryName> names) {
    catch_up();
    if (distrust_) return retry(*distrust_);
    const bool confirmed = Clock::now() - confirmed_ < confirmed_for;
    if (confirmed && history_->revision() <= latest_.revision) {
        if (auto recalled = recall(names)) return std::move(*recalled);
    }
    auto found = ask(names);
    if (found || distrust_ || Clock::now() - heard_ > stale_answers_) return found;
    if (auto recalled = recall(names)) return std::move(*recalled);
    return found;
}

Result<Binding> PostgresqlReader::binding(const EntryName& name) {
    catch_up();
    if (distrust_) return retry(*distrust_);
    if (!connection_ || !connection_->usable()) return lost_connection();
    auto transaction = PostgresqlTransaction::begin(*connection_, read_one_state);
    if (!transaction) return transaction.error();
    return read_binding(*connection_, name);
}

void PostgresqlReader::catch_up() {
    auto news = watcher_.take();
    if (!news) return;
    if (news->stamp) {
        // Otherwise a lookup has seen all of it already.
        if (news->stamp->revision > latest_.revision) {
            if (news->all_changed) cache_.clear();
            for (const auto& name : news->changed) cache_.drop(name);
            latest_ = std::move(*news->stamp);
        }
        confirmed_ = news->asked;
        heard_ = std::max(heard_, news->asked);
        distrust_.reset();
    }
    if (news->connection) connection_ = std::move(news->connection);
    if (news->distrust) distrust_ = std::move(news->distrust);
}

std::optional<FoundEntries> PostgresqlReader::recall(std::span<const EntryName> names) {
    FoundEntries found{latest_, {}};
    const auto now = static_cast<std::int64_t>(std::time(nullptr));
    bool answered = false;
    for (const auto& name : names) {
        const auto* entry = cache_.find(name.text());
        // What the clock has overtaken somebody may have compiled anew.
        if (entry == nullptr || (*entry && (*entry)->valid_until <= now)) return std::nullopt;
        answered = answered || answers(name, *entry);
        found.entries.push_back(*entry);
    }
    if (!answered) return std::nullopt;
    return found;
}

Result<FoundEntries> PostgresqlReader::ask(std::span<const EntryName> names) {
    if (!connection_ || !connection_->usable()) return lost_connection();
    auto found = find_entries(*connection_, names);
    if (!found) return found;
    if (auto advanced = advance(found->stamp); !advanced) return advanced.error();
    heard_ = Clock::now();
    bool answered = false;
    for (std::size_t i = 0; i < names.size(); ++i)
        answered = answered || answers(names[i], found->entries[i]);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (answered) cache_.put(names[i].text(), found->entries[i]);
    return found;
}

/// Forgets what was changed up to `stamp`, which a lookup has just seen.
Result<void> PostgresqlReader::advance(const StoreStamp& stamp) {
    if (const auto wrong = contradiction(latest_, stamp)) {
        distrust_ = "store: PostgreSQL answers from " + *wrong + " than before";
        (void)lost_connection();
        return retry(*distrust_);
    }
    if (stamp.revision == latest_.revision) return {};
    auto changed = read_changed(*connection_, latest_.revision, stamp.revision);
    if (!changed) return changed.error();
    if (!*changed) cache_.clear();
    if (*changed)
        for (const auto& name : **changed) cache_.drop(name);
    latest_ = stamp;
    history_->note(stamp);
    return {};
}

Error PostgresqlReader::lost_connection() {
    connection_.reset();
    watcher_.want_connection();
    return retry("store: there is no connection to PostgreSQL");
}

}  // namespace maildircrypt
