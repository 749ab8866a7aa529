#include "keyd/sqlite_store.hpp"

#include "keyd/sqlite_changes.hpp"
#include "keyd/sqlite_log.hpp"
#include "keyd/sqlite_open.hpp"
#include "keyd/store_sqlite.hpp"

#include <mutex>

namespace maildircrypt {
namespace {

/// KiB of pages that a lookup finds without asking the kernel: the inner pages of a million
/// addresses and the leaves that are asked for most.
constexpr int reader_cache = 112 * 1024;

/// A read transaction: what is read inside belongs to one revision.
class Snapshot {
public:
    static Result<Snapshot> begin(const SqliteConnection& connection) {
        if (auto begun = connection.execute("BEGIN"); !begun) return begun.error();
        return Snapshot{connection};
    }
    Snapshot(Snapshot&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
    Snapshot& operator=(Snapshot&&) = delete;
    ~Snapshot() {
        // Nothing was written, so nothing can be lost.
        if (connection_ != nullptr) (void)connection_->execute("ROLLBACK");
    }

private:
    explicit Snapshot(const SqliteConnection& connection) : connection_(&connection) {}
    const SqliteConnection* connection_;
};

class SqliteReader : public StoreReader {
public:
    static Result<std::unique_ptr<StoreReader>> open(const std::string& path) {
        auto connection = open_for_reading(path, reader_cache);
        if (!connection) return connection.error();
        auto find = connection->prepare(
            "SELECT s.id, s.revision, s.log_sequence, s.log_head, a.answer, a.valid_until "
            "FROM store s LEFT JOIN addresses a ON a.address = ? WHERE s.one = 1",
            SQLITE_PREPARE_PERSISTENT);
        if (!find) return find.error();
        return std::unique_ptr<StoreReader>{
            std::make_unique<SqliteReader>(std::move(*connection), std::move(*find))};
    }
    SqliteReader(SqliteConnection connection, Statement find)
        : connection_(std::move(connection)), find_(std::move(find)) {}

    Result<StoredAnswer> find(const Address& address) override {
        find_.reset();
        find_.bind(address.text());
        auto row = find_.step();
        if (!row) return fail(row.error());
        if (!*row) return fail(retry("store: its id is gone"));
        StoredAnswer answer;
        answer.stamp = {std::string{find_.text(0)}, find_.integer(1),
                        LogPosition{find_.integer(2), std::string{find_.text(3)}}};
        if (!find_.is_null(4)) {
            answer.known = true;
            answer.text = find_.text(4);
            answer.valid_until = find_.integer(5);
        }
        find_.reset();
        return answer;
    }
    Result<Binding> binding(const Address& address) override {
        auto snapshot = Snapshot::begin(connection_);
        if (!snapshot) return snapshot.error();
        return read_binding(connection_, address);
    }

private:
    Error fail(Error error) {
        find_.reset();
        return error;
    }
    SqliteConnection connection_;
    Statement find_;
};

class SqliteStore : public Store {
public:
    SqliteStore(std::string path, OpenedStore opened)
        : path_(std::move(path)),
          lock_(std::move(opened.lock)),
          connection_(std::move(opened.connection)) {}
    ~SqliteStore() override {
        // What fails here leaves the mark of an unclean stop: the next start checks the file.
        (void)mark_clean(connection_, true);
    }

    Result<std::unique_ptr<StoreReader>> open_reader() override {
        return SqliteReader::open(path_);
    }

    Result<StoreStamp> stamp() override {
        const std::lock_guard guard{mutex_};
        return read_stamp(connection_);
    }
    Result<Binding> binding(const Address& address) override {
        const std::lock_guard guard{mutex_};
        return read_binding(connection_, address);
    }
    Result<Applied> apply(std::span<const Change> changes) override;
    Result<std::vector<ListedAddress>> list(const std::string& after, std::size_t limit) override;
    Result<std::vector<Address>> stale(std::int64_t now, std::size_t limit) override;
    Result<void> refresh(const Address& address, std::int64_t version,
                         const CompiledAnswer& answer) override;
    Result<std::vector<LoggedChange>> log(std::int64_t after, std::size_t limit,
                                          const std::optional<Address>& address) override {
        const std::lock_guard guard{mutex_};
        return read_log(connection_, after, limit, address);
    }
    Result<LogPosition> verify_log() override;

private:
    std::string path_;
    Fd lock_;
    std::mutex mutex_;
    SqliteConnection connection_;
};

Result<Applied> SqliteStore::apply(std::span<const Change> changes) {
    const std::lock_guard guard{mutex_};
    auto transaction = Transaction::begin(connection_);
    if (!transaction) return transaction.error();
    auto stamp = read_stamp(connection_);
    if (!stamp) return stamp.error();
    std::int64_t added = 0;
    for (const auto& change : changes) {
        ++stamp->revision;
        auto difference = write_change(connection_, change, stamp->revision);
        if (!difference) return difference.error();
        if (!*difference) return Applied::conflict;
        added += **difference;
        auto end = append_log(connection_, stamp->log, change);
        if (!end) return end.error();
        stamp->log = std::move(*end);
    }
    if (auto done = write_stamp(connection_, *stamp, added); !done) return done.error();
    if (auto done = transaction->commit(); !done) return done.error();
    return Applied::done;
}

Result<std::vector<ListedAddress>> SqliteStore::list(const std::string& after, std::size_t limit) {
    const std::lock_guard guard{mutex_};
    auto rows = connection_.prepare(
        "SELECT address, state, expires, valid_until FROM addresses WHERE address > ? "
        "ORDER BY address LIMIT ?");
    if (!rows) return rows.error();
    rows->bind(after).bind(static_cast<std::int64_t>(limit));
    std::vector<ListedAddress> listed;
    for (;;) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) return listed;
        const auto state = parse_key_state(rows->text(1));
        if (!state) return retry("store: an address has an unknown state");
        listed.push_back({std::string{rows->text(0)}, *state, rows->integer(2), rows->integer(3)});
    }
}

Result<std::vector<Address>> SqliteStore::stale(std::int64_t now, std::size_t limit) {
    const std::lock_guard guard{mutex_};
    auto rows = connection_.prepare(
        "SELECT address FROM addresses WHERE valid_until <= ?1 "
        "AND valid_until < 9223372036854775807 ORDER BY valid_until LIMIT ?2");
    if (!rows) return rows.error();
    rows->bind(now).bind(static_cast<std::int64_t>(limit));
    std::vector<Address> addresses;
    for (;;) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) return addresses;
        auto address = Address::parse(rows->text(0));
        if (!address) return retry("store: an address is damaged");
        addresses.push_back(std::move(*address));
    }
}

Result<void> SqliteStore::refresh(const Address& address, std::int64_t version,
                                  const CompiledAnswer& answer) {
    const std::lock_guard guard{mutex_};
    auto transaction = Transaction::begin(connection_);
    if (!transaction) return transaction.error();
    auto binding = read_binding(connection_, address);
    if (!binding) return binding.error();
    if (binding->version != version) return {};
    if (auto done = write_answer(connection_, address, version, answer); !done) return done;
    return transaction->commit();
}

Result<LogPosition> SqliteStore::verify_log() {
    const std::lock_guard guard{mutex_};
    auto stamp = read_stamp(connection_);
    if (!stamp) return stamp.error();
    if (auto verified = verify_chain(connection_, *stamp); !verified) return verified.error();
    return stamp->log;
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path) {
    auto opened = open_for_writing(path);
    if (!opened) return opened.error();
    return std::unique_ptr<Store>{std::make_unique<SqliteStore>(path, std::move(*opened))};
}

}  // namespace maildircrypt
