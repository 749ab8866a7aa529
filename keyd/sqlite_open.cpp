#include "keyd/sqlite_open.hpp"

#include "base/bytes.hpp"
#include "keyd/sqlite_changes.hpp"
#include "keyd/sqlite_log.hpp"
#include "keyd/sqlite_renaming.hpp"
#include "keyd/sqlite_schema.hpp"

#include <array>
#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <sys/file.h>

namespace maildircrypt {
namespace {

constexpr std::string_view sqlite_magic{"SQLite format 3\0", 16};
constexpr std::size_t sqlite_header = 100;         // octets, sqlite.org/fileformat.html §1.3
constexpr std::size_t application_id_offset = 68;  // big-endian, 4 octets
constexpr int writer_cache = 8 * 1024;             // KiB

std::int64_t big_endian(Octets octets) {
    std::int64_t value = 0;
    for (const std::uint8_t octet : octets) value = value << 8 | octet;
    return value;
}

/// Looks at the file before SQLite does: opening a foreign database could already change it.
Result<void> check_header(const std::string& path, const Fd& file) {
    std::array<char, sqlite_header> header{};
    auto count = read_some(file.get(), header, "store: read " + path);
    if (!count) return count.error();
    if (*count == 0)
        return refuse("store: " + path +
                      " is empty: it was never initialised (keyd init), or lost");
    const std::string_view text{header.data(), *count};
    if (*count < sqlite_header || !text.starts_with(sqlite_magic))
        return refuse("store: " + path + " is not a store of keyd");
    if (big_endian(as_octets(text.substr(application_id_offset, 4))) != sqlite_application_id)
        return refuse("store: " + path + " is a database of something else");
    return {};
}

Result<Fd> lock_file(const std::string& path) {
    Fd file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    if (!file && errno == ENOENT)
        return refuse("store: " + path + " does not exist: keyd init --store sqlite:" + path +
                      " creates a new one (without any key)");
    if (!file) return errno_error("store: open " + path);
    // flock(2) and SQLite's own locks (fcntl) do not know each other.
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return refuse("store: " + path + " is used by another keyd");
        return errno_error("store: lock " + path);
    }
    if (auto checked = check_header(path, file); !checked) return checked.error();
    return file;
}

Result<void> set_pragmas(const SqliteConnection& connection) {
    auto done = connection.set_pragma("journal_mode", "WAL", "wal");
    if (done) done = connection.set_pragma("synchronous", "FULL", "2");
    if (done) done = connection.set_pragma("foreign_keys", "ON", "1");
    if (done) done = connection.set_pragma("busy_timeout", "0", "0");
    if (done) done = connection.set_pragma("trusted_schema", "OFF", "0");
    if (done) done = connection.set_pragma("cell_size_check", "ON", "1");
    if (done) done = connection.set_pragma("mmap_size", "0", "0");
    const std::string cache = std::to_string(-writer_cache);
    if (done) done = connection.set_pragma("cache_size", cache, cache);
    return done;
}

Result<void> check_schema(const SqliteConnection& connection, const std::string& path) {
    auto found = connection.value("PRAGMA user_version");
    if (!found) return found.error();
    const std::string wanted = std::to_string(sqlite_schema_version);
    if (*found == wanted || *found == "2" || *found == "1") return {};
    return refuse("store: " + path + " has schema " + *found + "; this keyd knows " + wanted +
                  ": run the keyd that wrote it, or a newer one");
}

/// To sqlite_schema_version, from what check_schema() lets through, and to today's names.
Result<void> migrate(const SqliteConnection& connection) {
    auto found = connection.value("PRAGMA user_version");
    if (!found) return found.error();
    const std::string wanted = std::to_string(sqlite_schema_version);
    auto other_names = *found == wanted ? has_other_names(connection) : Result<bool>{true};
    if (!other_names) return other_names.error();
    if (!*other_names) return {};
    auto transaction = Transaction::begin(connection);
    if (!transaction) return transaction.error();
    Result<void> done;
    if (*found == "1") done = connection.execute(sqlite_schema_from_1);
    if (done && *found != wanted) done = connection.execute(sqlite_schema_from_2);
    if (done) done = rename_entries(connection);
    if (done) done = connection.execute("PRAGMA user_version = " + wanted);
    if (done) done = transaction->commit();
    return done;
}

Result<void> check_integrity(const SqliteConnection& connection, const std::string& path) {
    auto said = connection.value("PRAGMA integrity_check(1)");
    if (!said) return said.error();
    if (*said != "ok") return refuse("store: " + path + " is damaged: " + *said);
    auto orphans = connection.prepare("PRAGMA foreign_key_check");
    if (!orphans) return orphans.error();
    auto row = orphans->step();
    if (!row) return row.error();
    if (*row) return refuse("store: " + path + " is damaged: rows without their address");
    return {};
}

/// An emptied table must not turn into "no key".
Result<void> check_count(const SqliteConnection& connection, const std::string& path) {
    auto counted = connection.value("SELECT count(*) FROM addresses");
    auto noted = connection.value("SELECT addresses FROM store WHERE one = 1");
    if (!counted) return counted.error();
    if (!noted) return noted.error();
    if (*counted == *noted) return {};
    return refuse("store: " + path + " has " + *counted + " addresses, but " + *noted +
                  " were stored: restore a backup");
}

Result<void> check_contents(const SqliteConnection& connection, const std::string& path) {
    auto stamp = read_stamp(connection);
    if (!stamp) return stamp.error();
    auto clean = connection.value("SELECT clean FROM store WHERE one = 1");
    if (!clean) return clean.error();
    if (*clean != "1") {
        if (auto checked = check_integrity(connection, path); !checked) return checked;
    }
    if (auto checked = check_count(connection, path); !checked) return checked;
    // The last row alone at every start; `keyd-cli log verify` follows the whole chain.
    return verify_chain(connection, *stamp, stamp->log.sequence > 0 ? stamp->log.sequence : 1);
}

}  // namespace

Result<OpenedStore> open_for_writing(const std::string& path) {
    auto lock = lock_file(path);
    if (!lock) return lock.error();
    auto connection = SqliteConnection::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX);
    if (!connection) return connection.error();
    if (auto checked = check_schema(*connection, path); !checked) return checked.error();
    if (auto set = set_pragmas(*connection); !set) return set.error();
    if (auto migrated = migrate(*connection); !migrated) return migrated.error();
    if (auto checked = check_contents(*connection, path); !checked) return checked.error();
    if (auto marked = mark_clean(*connection, false); !marked) return marked.error();
    return OpenedStore{std::move(*lock), std::move(*connection)};
}

Result<SqliteConnection> open_for_reading(const std::string& path, int cache) {
    auto connection = SqliteConnection::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
    if (!connection) return connection;
    // Read-only by query_only rather than by SQLITE_OPEN_READONLY, which cannot share the WAL index
    // on every file system.
    auto done = connection->set_pragma("query_only", "ON", "1");
    if (done) done = connection->set_pragma("busy_timeout", "0", "0");
    if (done) done = connection->set_pragma("wal_autocheckpoint", "0", "0");
    if (done) done = connection->set_pragma("trusted_schema", "OFF", "0");
    if (done) done = connection->set_pragma("mmap_size", "0", "0");
    const std::string size = std::to_string(-cache);
    if (done) done = connection->set_pragma("cache_size", size, size);
    if (!done) return done.error();
    const int off = sqlite3_db_config(connection->get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                      static_cast<int*>(nullptr));
    if (off != SQLITE_OK) return retry("store: cannot keep a reader from checkpointing");
    return connection;
}

Result<void> mark_clean(const SqliteConnection& connection, bool clean) {
    return connection.execute(clean ? "UPDATE store SET clean = 1" : "UPDATE store SET clean = 0");
}

}  // namespace maildircrypt
