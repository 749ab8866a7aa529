/// libpq, owned: a connection that never waits beyond its deadlines, rows, and errors as values.
#pragma once

#include "base/bytes.hpp"
#include "base/handle.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <postgresql/libpq-fe.h>

namespace maildircrypt {

/// How long to wait for a server, for each host that is named and for each query.
struct PostgresqlPatience {
    std::chrono::milliseconds connect{3'000};
    std::chrono::milliseconds query{10'000};
};

/// The values of $1, $2, ... in order.
class SqlValues {
public:
    SqlValues& add(std::int64_t value);
    /// Well-formed UTF-8 without NUL, as everything that keyd stores as text.
    SqlValues& add(std::string_view text);
    SqlValues& add_blob(Octets octets);

    const std::vector<std::string>& values() const { return values_; }
    const std::vector<int>& formats() const { return formats_; }

private:
    std::vector<std::string> values_;
    std::vector<int> formats_;  ///< libpq's: 0 text, 1 binary
};

/// The rows of one query. Views live as long as the object.
class SqlRows {
public:
    explicit SqlRows(Handle<PGresult, PQclear> result) : result_(std::move(result)) {}
    int size() const { return PQntuples(result_.get()); }
    /// Of a BIGINT or BOOLEAN column.
    std::int64_t integer(int row, int column) const;
    std::string_view text(int row, int column) const;
    Octets blob(int row, int column) const { return as_octets(text(row, column)); }
    bool is_null(int row, int column) const;

private:
    Handle<PGresult, PQclear> result_;
};

/// One thread at a time. All errors are of fate retry unless said otherwise; after one that the
/// server did not send, or that says the server is of no use, usable() is false for ever.
class PostgresqlConnection {
public:
    /// `conninfo` is a URI or key=value (libpq, "Connection Strings"). Of several hosts the first
    /// is taken that answers in time and may be written to. The session commits durably, in UTF-8,
    /// in the SQL schema `maildircrypt`, and the server gives up on a statement that takes longer
    /// than the patience. Refuses what is no conninfo. Resolving a name may take longer.
    static Result<PostgresqlConnection> open(const std::string& conninfo,
                                             const PostgresqlPatience& patience);

    /// One statement; `step` names it in errors.
    Result<SqlRows> query(std::string_view step, const std::string& sql,
                          const SqlValues& values = {});
    /// The same; the server keeps the statement prepared for the next time. For few statements.
    Result<SqlRows> run_prepared(const std::string& sql, const SqlValues& values);
    /// Statements without values or rows, separated by semicolons.
    Result<void> execute(std::string_view step, const std::string& sql);

    /// Also notices, without asking it, that the server has hung up.
    bool usable();

private:
    using Deadline = std::chrono::steady_clock::time_point;
    explicit PostgresqlConnection(std::chrono::milliseconds patience) : patience_(patience) {}

    Result<void> connect(const std::vector<std::string>& keywords,
                         const std::vector<std::string>& values, std::chrono::milliseconds limit);
    Result<void> set_session();
    Result<void> wait(short events, Deadline deadline);
    Result<void> flush(Deadline deadline);
    Result<std::string> prepared_name(const std::string& sql);
    Result<SqlRows> finish(std::string_view step, bool sent);
    Result<SqlRows> collect(std::string_view step, Deadline deadline);
    Error fail(std::string_view step, std::string_view why);

    std::chrono::milliseconds patience_;
    std::map<std::string, std::string> prepared_;  ///< text and name
    Handle<PGconn, PQfinish> handle_;              ///< none: the connection was given up
};

/// Rolled back unless commit() succeeded. When commit() fails, it may have happened all the same.
class PostgresqlTransaction {
public:
    /// `mode` is what stands behind BEGIN.
    static Result<PostgresqlTransaction> begin(
        PostgresqlConnection& connection,
        const std::string& mode = "ISOLATION LEVEL READ COMMITTED");
    PostgresqlTransaction(PostgresqlTransaction&& other) noexcept;
    PostgresqlTransaction& operator=(PostgresqlTransaction&&) = delete;
    ~PostgresqlTransaction();
    Result<void> commit();

private:
    explicit PostgresqlTransaction(PostgresqlConnection& connection) : connection_(&connection) {}
    PostgresqlConnection* connection_;
};

/// One consistent view of the whole store for reading.
inline constexpr char read_one_state[] = "ISOLATION LEVEL REPEATABLE READ READ ONLY";

}  // namespace maildircrypt
