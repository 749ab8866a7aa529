#include "keyd/store_sqlite.hpp"

#include <utility>

namespace maildircrypt {
namespace {

Error sqlite_error(sqlite3* connection, std::string_view step) {
    return retry("store: " + std::string{step} + ": " + sqlite3_errmsg(connection));
}

}  // namespace

Statement& Statement::bind(std::int64_t value) {
    const int result = sqlite3_bind_int64(statement_.get(), ++bound_, value);
    if (result != SQLITE_OK) error_ = result;
    return *this;
}

Statement& Statement::bind(std::string_view text) {
    const int result = sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(),
                                           SQLITE_STATIC, SQLITE_UTF8);
    if (result != SQLITE_OK) error_ = result;
    return *this;
}

Statement& Statement::bind_blob(Octets octets) {
    // A null pointer would bind NULL.
    static constexpr std::uint8_t nothing = 0;
    const int result =
        sqlite3_bind_blob64(statement_.get(), ++bound_, octets.empty() ? &nothing : octets.data(),
                            octets.size(), SQLITE_STATIC);
    if (result != SQLITE_OK) error_ = result;
    return *this;
}

Result<bool> Statement::step() {
    sqlite3* connection = sqlite3_db_handle(statement_.get());
    if (error_ != SQLITE_OK) return sqlite_error(connection, "bind");
    const int result = sqlite3_step(statement_.get());
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    return sqlite_error(connection, "statement");
}

Result<void> Statement::run() {
    auto row = step();
    reset();
    if (!row) return row.error();
    if (*row) return retry("store: a row where none was expected");
    return {};
}

void Statement::reset() {
    // Repeats the error of the last step, which step() has told already.
    (void)sqlite3_reset(statement_.get());
    (void)sqlite3_clear_bindings(statement_.get());
    bound_ = 0;
    error_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
    const auto* text = sqlite3_column_text(statement_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return text == nullptr ? std::string_view{} : as_text({text, size});
}

Octets Statement::blob(int column) const {
    const auto* blob =
        static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return blob == nullptr ? Octets{} : Octets{blob, size};
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<SqliteConnection> SqliteConnection::open(const std::string& path, int flags) {
    SqliteConnection connection;
    sqlite3* handle = nullptr;
    const int result = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    connection.handle_.reset(handle);  // set even on failure
    if (result != SQLITE_OK) {
        const char* why = handle == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(handle);
        return retry("store: open " + path + ": " + why);
    }
    sqlite3_extended_result_codes(handle, 1);
    return connection;
}

Result<Statement> SqliteConnection::prepare(std::string_view sql, unsigned int flags) const {
    sqlite3_stmt* handle = nullptr;
    const int result = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                          flags, &handle, nullptr);
    Statement statement;
    statement.statement_.reset(handle);
    if (result != SQLITE_OK || handle == nullptr) return sqlite_error(handle_.get(), "prepare");
    return statement;
}

Result<Statement*> SqliteConnection::kept(std::string_view sql) const {
    auto found = kept_.find(sql);
    if (found == kept_.end()) {
        auto statement = prepare(sql, SQLITE_PREPARE_PERSISTENT);
        if (!statement) return statement.error();
        found = kept_.emplace(sql, std::move(*statement)).first;
    }
    found->second.reset();
    return &found->second;
}

Result<void> SqliteConnection::execute(const std::string& sql) const {
    if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return sqlite_error(handle_.get(), sql.substr(0, sql.find('\n')));
    return {};
}

Result<std::string> SqliteConnection::value(const std::string& sql) const {
    auto statement = prepare(sql);
    if (!statement) return statement.error();
    auto row = statement->step();
    if (!row) return row.error();
    if (!*row) return retry("store: no answer to " + sql);
    return std::string{statement->text(0)};
}

Result<void> SqliteConnection::set_pragma(const std::string& name, const std::string& wanted,
                                          const std::string& expected) const {
    if (auto done = execute("PRAGMA " + name + " = " + wanted); !done) return done;
    auto became = value("PRAGMA " + name);
    if (!became) return became.error();
    if (*became != expected)
        return retry("store: PRAGMA " + name + " is " + *became + " instead of " + expected);
    return {};
}

Result<Transaction> Transaction::begin(const SqliteConnection& connection) {
    if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) return begun.error();
    return Transaction{connection};
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
    // Fails only when SQLite has rolled back already after an error.
    if (connection_ != nullptr) (void)connection_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
    if (auto done = connection_->execute("COMMIT"); !done) return done;
    connection_ = nullptr;
    return {};
}

}  // namespace maildircrypt
