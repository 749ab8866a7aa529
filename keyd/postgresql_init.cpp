#include "keyd/encoding.hpp"
#include "keyd/key_log.hpp"
#include "keyd/local_part.hpp"
#include "keyd/postgresql_connection.hpp"
#include "keyd/postgresql_schema.hpp"
#include "keyd/postgresql_store.hpp"
#include "keyd/store_id.hpp"

namespace maildircrypt {
namespace {

Result<void> check_database(PostgresqlConnection& connection) {
    auto row = connection.query(
        "init",
        "SELECT to_regnamespace('maildircrypt') IS NOT NULL, current_setting('server_encoding')");
    if (!row) return row.error();
    if (row->integer(0, 0) != 0)
        return refuse("init: this database has a schema maildircrypt already; nothing was changed");
    if (row->text(0, 1) != "UTF8")
        return refuse("init: the database's encoding has to be UTF8 (createdb --encoding=UTF8)");
    return {};
}

Result<void> write_tables(PostgresqlConnection& connection, const std::string& id) {
    const auto genesis = genesis_hash(id);
    if (!genesis) return genesis.error();
    for (const char* schema : postgresql_schemas)
        if (auto made = connection.execute("init", schema); !made) return made;
    auto row = connection.query("init", "INSERT INTO store VALUES (true, $1, $2, 0, 0, 0, $3, $4)",
                                SqlValues{}
                                    .add(postgresql_schema_version)
                                    .add(id)
                                    .add(hex_text(*genesis))
                                    .add(folding_rules()));
    if (!row) return row.error();
    return {};
}

}  // namespace

Result<std::string> init_postgresql_store(const std::string& conninfo) {
    auto connection = PostgresqlConnection::open(conninfo, PostgresqlPatience{});
    if (!connection) return connection.error();
    auto transaction = PostgresqlTransaction::begin(*connection);
    if (!transaction) return transaction.error();
    auto locked = connection->query("init", "SELECT pg_advisory_xact_lock($1)",
                                    SqlValues{}.add(postgresql_schema_lock));
    if (!locked) return locked.error();
    if (auto free = check_database(*connection); !free) return free.error();
    auto id = new_store_id();
    if (!id) return id;
    if (auto done = write_tables(*connection, *id); !done) return done.error();
    if (auto done = transaction->commit(); !done) return done.error();
    return id;
}

}  // namespace maildircrypt
