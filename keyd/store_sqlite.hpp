/// SQLite's C interface, owned: a connection, a prepared statement, and errors as values.
#pragma once

#include "base/bytes.hpp"
#include "base/handle.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace maildircrypt {

/// Values are bound in order. What is bound must live until reset() or the end. One thread.
class Statement {
public:
    Statement() = default;
    Statement& bind(std::int64_t value);
    Statement& bind(std::string_view text);
    Statement& bind_blob(Octets octets);
    /// True when there is a row. After an error or the last row only reset() makes sense.
    Result<bool> step();
    /// For a statement that yields no rows.
    Result<void> run();
    /// Ready for new values. Also ends the read snapshot that a row held open.
    void reset();

    std::int64_t integer(int column) const;
    /// Views end with the next step() or reset().
    std::string_view text(int column) const;
    Octets blob(int column) const;
    bool is_null(int column) const;

private:
    friend class SqliteConnection;
    Handle<sqlite3_stmt, sqlite3_finalize> statement_;
    int bound_ = 0;
    int error_ = SQLITE_OK;
};

/// One thread at a time.
class SqliteConnection {
public:
    /// Never creates a file.
    static Result<SqliteConnection> open(const std::string& path, int flags);

    Result<Statement> prepare(std::string_view sql, unsigned int flags = 0) const;
    /// Prepared at its first use and kept; the caller resets it when it is done. `sql` is a
    /// literal.
    Result<Statement*> kept(std::string_view sql) const;
    /// Statements without results, separated by semicolons.
    Result<void> execute(const std::string& sql) const;
    /// The one value of a one-row query, as text.
    Result<std::string> value(const std::string& sql) const;
    /// Sets a pragma and reads it back: it must have become `expected`.
    Result<void> set_pragma(const std::string& name, const std::string& wanted,
                            const std::string& expected) const;
    std::int64_t last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }
    sqlite3* get() const { return handle_.get(); }

private:
    Handle<sqlite3, sqlite3_close> handle_;
    mutable std::map<std::string_view, Statement> kept_;  ///< finalized before the handle closes
};

/// A write transaction that is rolled back unless commit() succeeded.
class Transaction {
public:
    static Result<Transaction> begin(const SqliteConnection& connection);
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Result<void> commit();

private:
    explicit Transaction(const SqliteConnection& connection) : connection_(&connection) {}
    const SqliteConnection* connection_;
};

}  // namespace maildircrypt
