#include "tests/unit/support/test_store.hpp"

#include "keyd/postgresql_connection.hpp"
#include "keyd/store_id.hpp"
#include "keyd/store_option.hpp"
#include "keyd/store_sqlite.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <stdexcept>

#include <stdlib.h>

namespace maildircrypt::test {
namespace {

std::string server() {
    const char* value = ::secure_getenv(server_variable);
    return value == nullptr ? "" : value;
}

class SqliteTestStore : public TestStore {
public:
    SqliteTestStore() { id_ = init_store(option()).value(); }
    std::string option() const override { return "sqlite:" + path_; }
    Result<void> tamper(const std::string& sql) override {
        auto connection = SqliteConnection::open(path_, SQLITE_OPEN_READWRITE);
        if (!connection) return connection.error();
        if (auto on = connection->execute("PRAGMA foreign_keys = ON"); !on) return on;
        return connection->execute(sql);
    }
    Result<void> allow_log_changes() override {
        return tamper("DROP TRIGGER key_log_is_not_changed");
    }
    Result<void> cut_off(bool) override { return refuse("nothing lies between"); }

private:
    TemporaryDirectory directory_;
    const std::string path_ = directory_ / "keys.db";
};

class PostgresqlTestStore : public TestStore {
public:
    PostgresqlTestStore() {
        on_server("CREATE DATABASE " + name_ + " TEMPLATE template0");
        id_ = init_store(option()).value();
    }
    ~PostgresqlTestStore() override {
        try {
            on_server("DROP DATABASE " + name_ + " WITH (FORCE)");
        } catch (const std::exception&) {
            // It goes with the server.
        }
    }
    std::string option() const override { return "postgresql:" + conninfo(); }
    Result<void> tamper(const std::string& sql) override {
        auto connection = PostgresqlConnection::open(conninfo(), {});
        if (!connection) return connection.error();
        return connection->execute("tamper", sql);
    }
    Result<void> allow_log_changes() override {
        return tamper("DROP TRIGGER key_log_is_not_changed ON key_log");
    }
    Result<void> cut_off(bool cut) override {
        on_server("ALTER DATABASE " + name_ + " ALLOW_CONNECTIONS " + (cut ? "false" : "true"));
        if (cut)
            on_server(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
                "WHERE datname = '" +
                name_ + "'");
        return {};
    }

private:
    std::string conninfo() const { return server() + " dbname=" + name_; }
    static void on_server(const std::string& sql) {
        auto connection = PostgresqlConnection::open(server() + " dbname=postgres", {});
        auto done = connection ? connection->execute("test", sql) : connection.error();
        if (!done) throw std::runtime_error(done.error().what);
    }
    const std::string name_ = "test_" + new_store_id().value();
};

}  // namespace

std::vector<std::string> TestStore::kinds() {
    if (server().empty()) return {"sqlite"};
    return {"sqlite", "postgresql"};
}

std::vector<std::string> TestStore::shared_kinds() {
    if (server().empty()) return {};
    return {"postgresql"};
}

std::unique_ptr<TestStore> TestStore::make(const std::string& kind) {
    if (kind == "postgresql") return std::make_unique<PostgresqlTestStore>();
    return std::make_unique<SqliteTestStore>();
}

std::unique_ptr<Store> TestStore::open() const {
    auto opened = open_store(option());
    if (!opened) throw std::runtime_error(opened.error().what);
    return std::move(*opened);
}

std::string TestStore::refusal() const {
    const auto opened = open_store(option());
    return opened ? "" : opened.error().what;
}

}  // namespace maildircrypt::test
