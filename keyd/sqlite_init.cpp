#include "base/fd.hpp"
#include "keyd/encoding.hpp"
#include "keyd/key_log.hpp"
#include "keyd/local_part.hpp"
#include "keyd/sqlite_schema.hpp"
#include "keyd/sqlite_store.hpp"
#include "keyd/store_id.hpp"
#include "keyd/store_sqlite.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

/// The file under construction. Its temporary name goes in any case.
class NewFile {
public:
    explicit NewFile(std::string path) : path_(std::move(path)) {}
    ~NewFile() {
        // What stays behind here is garbage with a name of its own, no store.
        (void)::unlink(path_.c_str());
        (void)::unlink((path_ + "-journal").c_str());
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    const std::string& path() const { return path_; }
    Result<void> take_name(const std::string& name) {
        // Unlike rename(2), link(2) never replaces what came to be there meanwhile.
        if (::link(path_.c_str(), name.c_str()) != 0)
            return errno_error("init: link " + path_ + " to " + name);
        return {};
    }

private:
    std::string path_;
};

/// A WAL or journal that some other database left behind would be applied to the new one.
Result<void> check_nothing_there(const std::string& path) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        const std::string name = path + suffix;
        struct stat status;
        if (::lstat(name.c_str(), &status) == 0)
            return refuse("init: " + name + " exists already; nothing was changed");
        if (errno != ENOENT) return errno_error("init: " + name);
    }
    return {};
}

Result<void> write_tables(const std::string& path, const std::string& id) {
    auto connection = SqliteConnection::open(path, SQLITE_OPEN_READWRITE);
    if (!connection) return connection.error();
    const auto genesis = genesis_hash(id);
    if (!genesis) return genesis.error();
    const std::string row = "INSERT INTO store VALUES (1, '" + id + "', 0, 0, 0, '" +
                            hex_text(*genesis) + "', 1, '" + folding_rules() + "');";
    const std::string sql =
        "PRAGMA synchronous = FULL;\nBEGIN;\n"
        "PRAGMA application_id = " +
        std::to_string(sqlite_application_id) +
        ";\nPRAGMA user_version = " + std::to_string(sqlite_schema_version) + ";\n" +
        sqlite_schema + row + "COMMIT;";
    if (auto done = connection->execute(sql); !done) return done;
    // Stays in the file's header; the WAL itself goes when the connection closes.
    return connection->set_pragma("journal_mode", "WAL", "wal");
}

Result<void> sync_path(const std::string& path, int flags) {
    auto fd = open_file(path, O_RDONLY | flags);
    if (!fd) return fd.error();
    if (::fsync(fd->get()) != 0) return errno_error("init: sync " + path);
    return fd->close("init: close " + path);
}

}  // namespace

Result<std::string> init_sqlite_store(const std::string& path) {
    if (auto free = check_nothing_there(path); !free) return free.error();
    auto id = new_store_id();
    if (!id) return id;
    NewFile file{path + ".new-" + id->substr(0, 8)};
    {
        auto created = open_file(file.path(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (!created) return created.error();
    }
    if (auto done = write_tables(file.path(), *id); !done) return done.error();
    if (auto synced = sync_path(file.path(), 0); !synced) return synced.error();
    if (auto named = file.take_name(path); !named) return named.error();
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == path.npos ? "." : path.substr(0, slash + 1);
    if (auto synced = sync_path(directory, O_DIRECTORY); !synced) return synced.error();
    return id;
}

}  // namespace maildircrypt
