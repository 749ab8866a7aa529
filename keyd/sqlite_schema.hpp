/// The tables of the SQLite store.
#pragma once

#include <cstdint>

namespace maildircrypt {

inline constexpr std::int64_t sqlite_application_id = 0x6d64636b;  ///< "mdck"
inline constexpr std::int64_t sqlite_schema_version = 3;

/// `addresses` holds what a lookup needs and is small; certificates stand apart. Its names are
/// those of keyd/entry_name.hpp, targets those of keyd/alias_targets.hpp. key_log is append-only:
/// the triggers are there against mistakes, the chain against intent. former_names: what rows of
/// the log call entries whose names have another form by now (keyd/renaming.hpp); `folding` is
/// folding_rules() of the form that the names have.
inline constexpr char sqlite_schema[] = R"(
CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    addresses INTEGER NOT NULL,
    log_sequence INTEGER NOT NULL,
    log_head TEXT NOT NULL,
    clean INTEGER NOT NULL,
    folding TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE addresses (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    expires INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    answer TEXT NOT NULL,
    targets TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX addresses_valid_until ON addresses (valid_until)
    WHERE valid_until < 9223372036854775807;
CREATE INDEX addresses_aliases ON addresses (name) WHERE targets <> '';
CREATE TABLE certificates (
    address INTEGER NOT NULL REFERENCES addresses (number) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    description TEXT NOT NULL,
    binary BLOB NOT NULL,
    PRIMARY KEY (address, position)
) STRICT;
CREATE TABLE recognised (
    address INTEGER NOT NULL REFERENCES addresses (number) ON DELETE CASCADE,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 20),
    lost INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (address, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE TABLE key_log (
    sequence INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    channel TEXT NOT NULL,
    action TEXT NOT NULL,
    address_commitment BLOB NOT NULL CHECK (length(address_commitment) = 32),
    keys_commitment BLOB NOT NULL CHECK (length(keys_commitment) = 32),
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER key_log_is_not_changed BEFORE UPDATE ON key_log
    BEGIN SELECT RAISE(ABORT, 'the key log is append-only'); END;
CREATE TRIGGER key_log_is_not_shortened BEFORE DELETE ON key_log
    BEGIN SELECT RAISE(ABORT, 'the key log is append-only'); END;
CREATE TABLE key_log_openings (
    sequence INTEGER PRIMARY KEY REFERENCES key_log (sequence),
    address TEXT NOT NULL,
    address_salt BLOB NOT NULL,
    keys TEXT NOT NULL,
    keys_salt BLOB NOT NULL
) STRICT;
CREATE INDEX key_log_openings_address ON key_log_openings (address);
CREATE TABLE former_names (
    former TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX former_names_name ON former_names (name);
)";

/// From version 1, whose answers named their address: they are compiled anew.
inline constexpr char sqlite_schema_from_1[] = R"(
ALTER TABLE addresses ADD COLUMN targets TEXT NOT NULL DEFAULT '';
ALTER TABLE recognised ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
CREATE INDEX addresses_aliases ON addresses (address) WHERE targets <> '';
UPDATE addresses SET valid_until = 0;
)";

/// From version 2, whose names had only ASCII letters folded: they are renamed next.
inline constexpr char sqlite_schema_from_2[] = R"(
ALTER TABLE store ADD COLUMN folding TEXT NOT NULL DEFAULT '';
ALTER TABLE addresses RENAME COLUMN address TO name;
CREATE TABLE former_names (
    former TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX former_names_name ON former_names (name);
)";

}  // namespace maildircrypt
