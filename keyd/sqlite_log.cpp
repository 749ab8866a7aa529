#include "keyd/sqlite_log.hpp"

#include "keyd/encoding.hpp"
#include "keyd/key_log.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

Sha256 read_hash(Octets octets) {
    Sha256 hash{};
    if (octets.size() == hash.size()) std::copy(octets.begin(), octets.end(), hash.begin());
    return hash;
}

/// Lower-case hexadecimal of a hash, read back.
Result<Sha256> parse_hash(std::string_view text) {
    Sha256 hash{};
    // A fingerprint has 20 octets: two of them cover the 32.
    const auto front = parse_fingerprint(text.substr(0, 40));
    const auto back = parse_fingerprint(text.size() == 64 ? text.substr(24) : "");
    if (!front || !back) return retry("store: the head of the key log is damaged");
    std::copy(front->begin(), front->end(), hash.begin());
    std::copy(back->begin(), back->end(), hash.begin() + 12);
    return hash;
}

std::string action_of(const Change& change) {
    if (!change.bound) return "release";
    return change.bound->certificates.empty() ? "withdraw" : "seal";
}

Result<void> insert_row(const SqliteConnection& connection, const LogRow& row, const Sha256& hash) {
    auto kept = connection.kept("INSERT INTO key_log VALUES (?,?,?,?,?,?,?,?)");
    if (!kept) return kept.error();
    Statement& statement = **kept;
    statement.bind(row.sequence).bind(row.time).bind(row.channel).bind(row.action);
    statement.bind_blob(row.address).bind_blob(row.keys).bind_blob(row.previous).bind_blob(hash);
    return statement.run();
}

Result<void> insert_openings(const SqliteConnection& connection, std::int64_t sequence,
                             const Opening& address, const Opening& keys) {
    auto kept = connection.kept("INSERT INTO key_log_openings VALUES (?,?,?,?,?)");
    if (!kept) return kept.error();
    Statement& statement = **kept;
    statement.bind(sequence).bind(address.value).bind_blob(address.salt);
    statement.bind(keys.value).bind_blob(keys.salt);
    return statement.run();
}

Result<Opening> open_with_salt(std::string value) {
    auto salt = random_salt();
    if (!salt) return salt.error();
    return Opening{*salt, std::move(value)};
}

bool matches(Committed kind, const Opening& opening, const Sha256& committed) {
    const auto expected = commitment(kind, opening);
    return expected && *expected == committed;
}

Error broken(std::int64_t sequence, const std::string& why) {
    return refuse("key log: row " + std::to_string(sequence) + " " + why);
}

LogRow read_row(const Statement& rows) {
    return {rows.integer(0),           rows.integer(1),         std::string{rows.text(2)},
            std::string{rows.text(3)}, read_hash(rows.blob(4)), read_hash(rows.blob(5)),
            read_hash(rows.blob(6))};
}

/// Checks one row; `previous` becomes its hash.
Result<void> verify_row(const Statement& rows, std::int64_t sequence, Sha256& previous) {
    const LogRow row = read_row(rows);
    if (row.sequence != sequence) return broken(sequence, "is missing");
    if (row.previous != previous) return broken(sequence, "does not continue the row before");
    auto hash = hash_row(row);
    if (!hash) return hash.error();
    if (*hash != read_hash(rows.blob(7))) return broken(sequence, "was altered");
    if (!rows.is_null(8)) {
        const Opening address{read_hash(rows.blob(9)), std::string{rows.text(8)}};
        const Opening keys{read_hash(rows.blob(11)), std::string{rows.text(10)}};
        if (!matches(Committed::address, address, row.address) ||
            !matches(Committed::keys, keys, row.keys))
            return broken(sequence, "has an opening that does not fit");
    }
    previous = *hash;
    return {};
}

}  // namespace

Result<LogPosition> append_log(const SqliteConnection& connection, const LogPosition& end,
                               const Change& change) {
    auto address = open_with_salt(change.address.text());
    auto keys = open_with_salt(change.bound ? change.bound->answer.keys : "");
    if (!address) return address.error();
    if (!keys) return keys.error();
    auto address_commitment = commitment(Committed::address, *address);
    auto keys_commitment = commitment(Committed::keys, *keys);
    auto previous = parse_hash(end.head);
    if (!address_commitment) return address_commitment.error();
    if (!keys_commitment) return keys_commitment.error();
    if (!previous) return previous.error();
    const LogRow row{end.sequence + 1,    change.time,      change.channel, action_of(change),
                     *address_commitment, *keys_commitment, *previous};
    auto hash = hash_row(row);
    if (!hash) return hash.error();
    if (auto done = insert_row(connection, row, *hash); !done) return done.error();
    if (auto done = insert_openings(connection, row.sequence, *address, *keys); !done)
        return done.error();
    return LogPosition{row.sequence, hex_text(*hash)};
}

Result<std::vector<LoggedChange>> read_log(const SqliteConnection& connection, std::int64_t after,
                                           std::size_t limit,
                                           const std::optional<Address>& address) {
    const std::string columns =
        "SELECT l.sequence, l.time, l.channel, l.action, l.hash, o.address, o.keys FROM ";
    const std::string sql =
        address ? columns +
                      "key_log_openings o JOIN key_log l ON l.sequence = o.sequence "
                      "WHERE l.sequence > ? AND o.address = ?3 ORDER BY l.sequence LIMIT ?2"
                : columns +
                      "key_log l LEFT JOIN key_log_openings o ON o.sequence = l.sequence "
                      "WHERE l.sequence > ? ORDER BY l.sequence LIMIT ?2";
    auto rows = connection.prepare(sql);
    if (!rows) return rows.error();
    rows->bind(after).bind(static_cast<std::int64_t>(limit));
    if (address) rows->bind(address->text());
    std::vector<LoggedChange> changes;
    for (;;) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) return changes;
        LoggedChange change{rows->integer(0),
                            rows->integer(1),
                            std::string{rows->text(2)},
                            std::string{rows->text(3)},
                            hex_text(rows->blob(4)),
                            {},
                            {}};
        if (!rows->is_null(5)) {
            change.address = std::string{rows->text(5)};
            change.keys = std::string{rows->text(6)};
        }
        changes.push_back(std::move(change));
    }
}

Result<void> verify_chain(const SqliteConnection& connection, const StoreStamp& stamp,
                          std::int64_t from) {
    auto rows = connection.prepare(
        "SELECT l.sequence, l.time, l.channel, l.action, l.address_commitment, l.keys_commitment, "
        "l.previous, l.hash, o.address, o.address_salt, o.keys, o.keys_salt "
        "FROM key_log l LEFT JOIN key_log_openings o ON o.sequence = l.sequence "
        "WHERE l.sequence >= ? ORDER BY l.sequence");
    if (!rows) return rows.error();
    rows->bind(from);
    auto genesis = genesis_hash(stamp.id);
    if (!genesis) return genesis.error();
    Sha256 previous = *genesis;
    std::int64_t sequence = from;
    for (;; ++sequence) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) break;
        if (sequence == from && from > 1) previous = read_row(*rows).previous;
        if (auto verified = verify_row(*rows, sequence, previous); !verified) return verified;
    }
    if (sequence - 1 != stamp.log.sequence || hex_text(previous) != stamp.log.head)
        return refuse("key log: it does not end where the store says");
    return {};
}

}  // namespace maildircrypt
