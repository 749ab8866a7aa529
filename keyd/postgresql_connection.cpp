#include "keyd/postgresql_connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>

#include <poll.h>

namespace maildircrypt {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// What the operator may set otherwise in conninfo. A dead host is noticed within seconds; what
/// cannot be written to is no store, a replica lags behind.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> defaults{{
    {"target_session_attrs", "read-write"},
    {"tcp_user_timeout", "5000"},
    {"keepalives_idle", "5"},
    {"keepalives_interval", "2"},
    {"keepalives_count", "3"},
    {"fallback_application_name", "keyd"},
    {"client_encoding", "UTF8"},
}};

using Options = std::map<std::string, std::string, std::less<>>;

void free_options(PQconninfoOption* options) {
    PQconninfoFree(options);
}

Result<Options> parse_conninfo(const std::string& conninfo) {
    const Handle<PQconninfoOption, free_options> parsed{PQconninfoParse(conninfo.c_str(), nullptr)};
    // libpq's own words might hold a password.
    if (parsed == nullptr)
        return refuse(
            "store: what follows postgresql: is neither key=value nor a URI that PostgreSQL "
            "understands");
    Options options;
    for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) options[option->keyword] = option->val;
    options.insert(defaults.begin(), defaults.end());
    return options;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts{""};
    for (const char c : text) {
        if (c == ',')
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

/// One for each host, so that each has a deadline of its own.
std::vector<Options> one_each(const Options& options) {
    std::size_t hosts = 1;
    for (const char* name : {"host", "hostaddr"})
        if (const auto found = options.find(name); found != options.end())
            hosts = std::max(hosts, split(found->second).size());
    std::vector<Options> each(hosts, options);
    for (const char* name : {"host", "hostaddr", "port"}) {
        const auto found = options.find(name);
        if (found == options.end()) continue;
        const auto parts = split(found->second);
        for (std::size_t i = 0; i < hosts; ++i)
            each[i][name] = parts.size() == 1 ? parts[0] : i < parts.size() ? parts[i] : "";
    }
    return each;
}

/// Notices are for people at a terminal.
void ignore_notice(void* /*nobody*/, const PGresult* /*notice*/) {}

/// As libpq takes them; they end with the values.
struct ValueArrays {
    std::vector<const char*> texts;
    std::vector<int> lengths;
    int count = 0;
};

ValueArrays arrays_of(const SqlValues& values) {
    ValueArrays arrays;
    for (const auto& value : values.values()) {
        arrays.texts.push_back(value.data());
        arrays.lengths.push_back(static_cast<int>(value.size()));
        ++arrays.count;
    }
    return arrays;
}

std::string first_line(std::string_view text) {
    return std::string{text.substr(0, text.find('\n'))};
}

/// SQLSTATE classes after which another connection may do better: connection lost, server going
/// down or out of resources, and read_only_sql_transaction.
bool server_is_useless(std::string_view state) {
    return state.starts_with("08") || state.starts_with("53") || state.starts_with("57P") ||
           state.starts_with("XX") || state == "25006";
}

}  // namespace

SqlValues& SqlValues::add(std::int64_t value) {
    values_.push_back(std::to_string(value));
    formats_.push_back(0);
    return *this;
}

SqlValues& SqlValues::add(std::string_view text) {
    values_.emplace_back(text);
    formats_.push_back(0);
    return *this;
}

SqlValues& SqlValues::add_blob(Octets octets) {
    values_.emplace_back(as_text(octets));
    formats_.push_back(1);
    return *this;
}

std::int64_t SqlRows::integer(int row, int column) const {
    std::uint64_t value = 0;
    for (const std::uint8_t octet : blob(row, column)) value = value << 8 | octet;
    return static_cast<std::int64_t>(value);
}

std::string_view SqlRows::text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

bool SqlRows::is_null(int row, int column) const {
    return PQgetisnull(result_.get(), row, column) == 1;
}

Result<PostgresqlConnection> PostgresqlConnection::open(const std::string& conninfo,
                                                        const PostgresqlPatience& patience) {
    auto options = parse_conninfo(conninfo);
    if (!options) return options.error();
    std::optional<Error> last;
    for (const Options& host : one_each(*options)) {
        std::vector<std::string> keywords;
        std::vector<std::string> values;
        for (const auto& [keyword, value] : host) {
            keywords.push_back(keyword);
            values.push_back(value);
        }
        PostgresqlConnection connection{patience.query};
        auto done = connection.connect(keywords, values, patience.connect);
        if (done) done = connection.set_session();
        if (done) return connection;
        last = done.error();
    }
    return *last;
}

Result<void> PostgresqlConnection::connect(const std::vector<std::string>& keywords,
                                           const std::vector<std::string>& values,
                                           milliseconds limit) {
    std::vector<const char*> names;
    std::vector<const char*> texts;
    for (const auto& keyword : keywords) names.push_back(keyword.c_str());
    for (const auto& value : values) texts.push_back(value.c_str());
    names.push_back(nullptr);
    texts.push_back(nullptr);
    const auto deadline = steady_clock::now() + limit;
    handle_.reset(PQconnectStartParams(names.data(), texts.data(), 0));
    if (handle_ == nullptr) return retry("store: PostgreSQL: out of memory");
    if (PQstatus(handle_.get()) == CONNECTION_BAD)
        return fail("connect", PQerrorMessage(handle_.get()));
    PQsetNoticeReceiver(handle_.get(), ignore_notice, nullptr);
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        if (next == PGRES_POLLING_FAILED) return fail("connect", PQerrorMessage(handle_.get()));
        auto ready = wait(next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
        if (!ready) return fail("connect", ready.error().what);
        next = PQconnectPoll(handle_.get());
    }
    if (PQsetnonblocking(handle_.get(), 1) != 0)
        return fail("connect", PQerrorMessage(handle_.get()));
    return {};
}

Result<void> PostgresqlConnection::set_session() {
    const std::string limit = std::to_string(patience_.count());
    // pg_temp is last: nobody's temporary table may stand in for one of ours.
    return execute("session",
                   "SET search_path = maildircrypt, pg_temp;"
                   "SET statement_timeout = " +
                       limit +
                       ";"
                       "SET lock_timeout = " +
                       limit +
                       ";"
                       "SET idle_in_transaction_session_timeout = '60s';"
                       "SET standard_conforming_strings = on;"
                       "SELECT pg_catalog.set_config('synchronous_commit', 'on', false) WHERE "
                       "pg_catalog.current_setting('synchronous_commit') IN ('off', 'local')");
}

Result<void> PostgresqlConnection::wait(short events, Deadline deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
        if (left <= 0) return retry("no answer in time");
        pollfd entry{PQsocket(handle_.get()), events, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(left));
        if (ready > 0) return {};
        if (ready < 0 && errno != EINTR) return errno_error("poll");
    }
}

Result<void> PostgresqlConnection::flush(Deadline deadline) {
    for (;;) {
        const int left = PQflush(handle_.get());
        if (left == 0) return {};
        if (left < 0) return retry(PQerrorMessage(handle_.get()));
        // The server may have to say something before it reads on.
        if (auto ready = wait(POLLIN | POLLOUT, deadline); !ready) return ready;
        if (PQconsumeInput(handle_.get()) == 0) return retry(PQerrorMessage(handle_.get()));
    }
}

Result<SqlRows> PostgresqlConnection::finish(std::string_view step, bool sent) {
    if (!sent) return fail(step, PQerrorMessage(handle_.get()));
    const auto deadline = steady_clock::now() + patience_;
    if (auto flushed = flush(deadline); !flushed) return fail(step, flushed.error().what);
    return collect(step, deadline);
}

Result<SqlRows> PostgresqlConnection::collect(std::string_view step, Deadline deadline) {
    Handle<PGresult, PQclear> last;
    std::optional<Error> wrong;
    for (;;) {
        while (PQisBusy(handle_.get()) == 1) {
            if (auto ready = wait(POLLIN, deadline); !ready) return fail(step, ready.error().what);
            if (PQconsumeInput(handle_.get()) == 0)
                return fail(step, PQerrorMessage(handle_.get()));
        }
        Handle<PGresult, PQclear> result{PQgetResult(handle_.get())};
        if (result == nullptr) break;
        last = std::move(result);
        const ExecStatusType status = PQresultStatus(last.get());
        if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) continue;
        const char* primary = PQresultErrorField(last.get(), PG_DIAG_MESSAGE_PRIMARY);
        const char* state = PQresultErrorField(last.get(), PG_DIAG_SQLSTATE);
        if (primary == nullptr || state == nullptr || server_is_useless(state))
            return fail(step, primary != nullptr ? primary : PQresultErrorMessage(last.get()));
        if (!wrong) wrong = retry("store: " + std::string{step} + ": " + first_line(primary));
    }
    if (wrong) return *wrong;
    if (last == nullptr) return fail(step, "no result");
    return SqlRows{std::move(last)};
}

Error PostgresqlConnection::fail(std::string_view step, std::string_view why) {
    Error error = retry("store: PostgreSQL: " + std::string{step} + ": " + first_line(why));
    handle_.reset();
    return error;
}

Result<SqlRows> PostgresqlConnection::query(std::string_view step, const std::string& sql,
                                            const SqlValues& values) {
    if (handle_ == nullptr) return fail(step, "the connection is lost");
    const auto arrays = arrays_of(values);
    return finish(step, PQsendQueryParams(handle_.get(), sql.c_str(), arrays.count, nullptr,
                                          arrays.texts.data(), arrays.lengths.data(),
                                          values.formats().data(), 1) == 1);
}

Result<SqlRows> PostgresqlConnection::run_prepared(const std::string& sql,
                                                   const SqlValues& values) {
    if (handle_ == nullptr) return fail("find", "the connection is lost");
    auto name = prepared_name(sql);
    if (!name) return name.error();
    const auto arrays = arrays_of(values);
    return finish(
        "find", PQsendQueryPrepared(handle_.get(), name->c_str(), arrays.count, arrays.texts.data(),
                                    arrays.lengths.data(), values.formats().data(), 1) == 1);
}

Result<std::string> PostgresqlConnection::prepared_name(const std::string& sql) {
    if (const auto found = prepared_.find(sql); found != prepared_.end()) return found->second;
    const std::string name = "keyd" + std::to_string(prepared_.size());
    auto done =
        finish("prepare", PQsendPrepare(handle_.get(), name.c_str(), sql.c_str(), 0, nullptr) == 1);
    if (!done) return done.error();
    prepared_.emplace(sql, name);
    return name;
}

Result<void> PostgresqlConnection::execute(std::string_view step, const std::string& sql) {
    if (handle_ == nullptr) return fail(step, "the connection is lost");
    auto done = finish(step, PQsendQuery(handle_.get(), sql.c_str()) == 1);
    if (!done) return done.error();
    return {};
}

bool PostgresqlConnection::usable() {
    if (handle_ == nullptr) return false;
    if (PQconsumeInput(handle_.get()) == 1 && PQstatus(handle_.get()) == CONNECTION_OK) return true;
    handle_.reset();
    return false;
}

Result<PostgresqlTransaction> PostgresqlTransaction::begin(PostgresqlConnection& connection,
                                                           const std::string& mode) {
    if (auto begun = connection.execute("begin", "BEGIN " + mode); !begun) return begun.error();
    return PostgresqlTransaction{connection};
}

PostgresqlTransaction::PostgresqlTransaction(PostgresqlTransaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

PostgresqlTransaction::~PostgresqlTransaction() {
    // Where this fails the connection is given up, which rolls back, too.
    if (connection_ != nullptr && connection_->usable())
        (void)connection_->execute("rollback", "ROLLBACK");
}

Result<void> PostgresqlTransaction::commit() {
    PostgresqlConnection& connection = *std::exchange(connection_, nullptr);
    return connection.execute("commit", "COMMIT");
}

}  // namespace maildircrypt
