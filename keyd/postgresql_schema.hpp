/// The tables of the PostgreSQL store.
#pragma once

#include <array>
#include <cstdint>

namespace maildircrypt {

/// The lock that init and migration hold (pg_advisory_xact_lock): "mdck".
inline constexpr std::int64_t postgresql_schema_lock = 0x6d64636b;

/// So many changes back a running keyd can be told which addresses they were about.
inline constexpr std::int64_t remembered_changes = 1000;

/// Numbered as SQLite's, and with the same tables (keyd/sqlite_schema.hpp); beside them `changed`:
/// which revision was a change to which entry. Addresses are ordered by their octets, as
/// everywhere.
inline constexpr char postgresql_schema_1[] = R"(
CREATE SCHEMA maildircrypt;
CREATE TABLE store (
    one BOOLEAN PRIMARY KEY CHECK (one),
    schema_version BIGINT NOT NULL,
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    addresses BIGINT NOT NULL,
    log_sequence BIGINT NOT NULL,
    log_head TEXT NOT NULL
);
CREATE TABLE addresses (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address TEXT COLLATE "C" NOT NULL UNIQUE,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    expires BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    answer TEXT NOT NULL
);
CREATE INDEX addresses_valid_until ON addresses (valid_until)
    WHERE valid_until < 9223372036854775807;
CREATE TABLE certificates (
    address BIGINT NOT NULL REFERENCES addresses (number) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    description TEXT NOT NULL,
    octets BYTEA NOT NULL,
    PRIMARY KEY (address, position)
);
CREATE TABLE recognised (
    address BIGINT NOT NULL REFERENCES addresses (number) ON DELETE CASCADE,
    fingerprint BYTEA NOT NULL CHECK (octet_length(fingerprint) = 20),
    PRIMARY KEY (address, fingerprint)
);
CREATE TABLE changed (
    revision BIGINT PRIMARY KEY,
    address TEXT NOT NULL
);
CREATE TABLE key_log (
    sequence BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    channel TEXT NOT NULL,
    action TEXT NOT NULL,
    address_commitment BYTEA NOT NULL CHECK (octet_length(address_commitment) = 32),
    keys_commitment BYTEA NOT NULL CHECK (octet_length(keys_commitment) = 32),
    previous BYTEA NOT NULL CHECK (octet_length(previous) = 32),
    hash BYTEA NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE TABLE key_log_openings (
    sequence BIGINT PRIMARY KEY REFERENCES key_log (sequence),
    address TEXT NOT NULL,
    address_salt BYTEA NOT NULL,
    keys TEXT NOT NULL,
    keys_salt BYTEA NOT NULL
);
CREATE INDEX key_log_openings_address ON key_log_openings (address);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END$$;
CREATE TRIGGER key_log_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON key_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the key log is append-only');
CREATE TRIGGER addresses_are_not_emptied BEFORE TRUNCATE ON addresses
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a store is never emptied');
)";

inline constexpr char postgresql_schema_2[] = R"(
ALTER TABLE addresses ADD COLUMN targets TEXT NOT NULL DEFAULT '';
ALTER TABLE recognised ADD COLUMN lost BIGINT NOT NULL DEFAULT 0;
CREATE INDEX addresses_aliases ON addresses (address) WHERE targets <> '';
UPDATE addresses SET valid_until = 0;
)";

/// The names are renamed next. A keyd of before must not go on with them: it would take an entry
/// whose name has changed for none. It finds no column `address` any more, and defers.
inline constexpr char postgresql_schema_3[] = R"(
ALTER TABLE store ADD COLUMN folding TEXT NOT NULL DEFAULT '';
ALTER TABLE addresses RENAME COLUMN address TO name;
CREATE TABLE former_names (
    former TEXT PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE INDEX former_names_name ON former_names (name);
)";

/// Each makes its schema of the one before, the first of nothing.
inline constexpr std::array postgresql_schemas{postgresql_schema_1, postgresql_schema_2,
                                               postgresql_schema_3};
inline constexpr auto postgresql_schema_version =
    static_cast<std::int64_t>(postgresql_schemas.size());

}  // namespace maildircrypt
