#include "keyd/postgresql_changes.hpp"

#include "keyd/alias_targets.hpp"
#include "keyd/certificate_json.hpp"
#include "keyd/encoding.hpp"
#include "keyd/local_part.hpp"
#include "keyd/postgresql_schema.hpp"
#include "seal/ascii.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

/// Of find_entries(): an address, one without its detail, a domain, a recovery certificate.
constexpr std::size_t max_prepared_names = 6;

constexpr char stamp_query[] = "SELECT id, revision, log_sequence, log_head FROM store";

Result<StoreStamp> ask_stamp(PostgresqlConnection& connection, const std::string& sql) {
    auto row = connection.query("stamp", sql);
    if (!row) return row.error();
    if (row->size() != 1) return retry("store: its id is gone");
    return StoreStamp{std::string{row->text(0, 0)}, row->integer(0, 1),
                      LogPosition{row->integer(0, 2), std::string{row->text(0, 3)}}};
}

struct AddressRow {
    std::int64_t number = 0;
    std::int64_t version = 0;  ///< 0: there is none
    std::string targets;
};

Result<AddressRow> read_row(PostgresqlConnection& connection, const EntryName& name) {
    auto row =
        connection.query("read", "SELECT number, version, targets FROM addresses WHERE name = $1",
                         SqlValues{}.add(name.text()));
    if (!row) return row.error();
    if (row->size() == 0) return AddressRow{};
    return AddressRow{row->integer(0, 0), row->integer(0, 1), std::string{row->text(0, 2)}};
}

Result<StoredEntry> read_entry(const SqlRows& rows, int i) {
    const auto state = parse_key_state(rows.text(i, 6));
    auto targets = parse_targets(rows.text(i, 8));
    if (!state) return retry("store: an entry has an unknown state");
    if (!targets) return targets.error();
    return StoredEntry{std::string{rows.text(i, 5)}, *state, rows.integer(i, 7),
                       std::move(*targets)};
}

/// `SELECT ...` of find_entries() for so many names.
std::string find_query(std::size_t names) {
    std::string places;
    for (std::size_t i = 1; i <= names; ++i) places += (i == 1 ? "$" : ", $") + std::to_string(i);
    return "SELECT s.id, s.revision, s.log_sequence, s.log_head, "
           "a.name, a.answer, a.state, a.valid_until, a.targets, s.folding "
           "FROM store s LEFT JOIN addresses a ON a.name IN (" +
           places + ")";
}

/// A name that the store's entries are folded otherwise than is not found, which is not "no key".
Result<void> check_folding(std::string_view rules, std::span<const EntryName> names) {
    static const std::string own = folding_rules();
    if (rules == own ||
        std::ranges::all_of(names, [](const EntryName& name) { return is_ascii(name.text()); }))
        return {};
    return retry(
        "store: a keyd with other rules of folding has renamed its entries: restart this one, or "
        "upgrade it if that does not help (keyd(8))");
}

/// For statements that yield no rows.
Result<void> run(PostgresqlConnection& connection, const std::string& sql,
                 const SqlValues& values) {
    auto done = connection.query("write", sql, values);
    if (!done) return done.error();
    return {};
}

Result<void> insert_certificates(PostgresqlConnection& connection, std::int64_t number,
                                 const std::vector<Certificate>& certificates) {
    std::int64_t position = 0;
    for (const auto& certificate : certificates) {
        auto done = run(connection, "INSERT INTO certificates VALUES ($1, $2, $3, $4)",
                        SqlValues{}
                            .add(number)
                            .add(position++)
                            .add(write_certificate(certificate))
                            .add_blob(certificate.binary));
        if (!done) return done;
    }
    return {};
}

Result<void> insert_recognised(PostgresqlConnection& connection, std::int64_t number,
                               const std::vector<Fingerprint>& fingerprints) {
    for (const auto& fingerprint : fingerprints) {
        auto done = run(connection, "INSERT INTO recognised VALUES ($1, $2) ON CONFLICT DO NOTHING",
                        SqlValues{}.add(number).add_blob(fingerprint));
        if (!done) return done;
    }
    return {};
}

Result<void> mark_lost(PostgresqlConnection& connection, std::int64_t number,
                       const std::vector<Fingerprint>& fingerprints) {
    for (const auto& fingerprint : fingerprints) {
        auto done = run(connection,
                        "UPDATE recognised SET lost = 1 WHERE address = $1 AND fingerprint = $2",
                        SqlValues{}.add(number).add_blob(fingerprint));
        if (!done) return done;
    }
    return {};
}

Result<std::int64_t> insert_address(PostgresqlConnection& connection, const EntryName& name) {
    auto row = connection.query(
        "write",
        "INSERT INTO addresses (name, version, state, expires, valid_until, answer, targets) "
        "VALUES ($1, 0, '', 0, 0, '', '') RETURNING number",
        SqlValues{}.add(name.text()));
    if (!row) return row.error();
    return row->integer(0, 0);
}

Result<void> bind_address(PostgresqlConnection& connection, std::int64_t number,
                          const Change& change, std::int64_t revision) {
    const Bound& bound = *change.bound;
    auto done =
        run(connection, "DELETE FROM certificates WHERE address = $1", SqlValues{}.add(number));
    if (done) done = insert_certificates(connection, number, bound.certificates);
    if (done) done = insert_recognised(connection, number, bound.recognise);
    if (done) done = mark_lost(connection, number, bound.lost);
    if (done)
        done = run(connection, "UPDATE addresses SET targets = $1 WHERE number = $2",
                   SqlValues{}.add(write_targets(bound.targets)).add(number));
    if (done) done = write_answer(connection, change.name, revision, bound.answer);
    return done;
}

Result<void> note_changed(PostgresqlConnection& connection, const EntryName& name,
                          std::int64_t revision) {
    auto done = run(connection, "INSERT INTO changed VALUES ($1, $2)",
                    SqlValues{}.add(revision).add(name.text()));
    if (!done) return done;
    return run(connection, "DELETE FROM changed WHERE revision <= $1",
               SqlValues{}.add(revision - remembered_changes));
}

}  // namespace

Result<StoreStamp> read_stamp(PostgresqlConnection& connection) {
    return ask_stamp(connection, stamp_query);
}

Result<StoreStamp> lock_stamp(PostgresqlConnection& connection) {
    return ask_stamp(connection, std::string{stamp_query} + " FOR UPDATE");
}

Result<void> write_stamp(PostgresqlConnection& connection, const StoreStamp& stamp,
                         std::int64_t added) {
    return run(
        connection,
        "UPDATE store SET revision = $1, log_sequence = $2, log_head = $3, "
        "addresses = addresses + $4",
        SqlValues{}.add(stamp.revision).add(stamp.log.sequence).add(stamp.log.head).add(added));
}

Result<FoundEntries> find_entries(PostgresqlConnection& connection,
                                  std::span<const EntryName> names) {
    SqlValues values;
    // A mail address may hold octets that are no text; the empty name has no entry.
    for (const auto& name : names)
        values.add(is_utf8(name.text()) ? std::string_view{name.text()} : std::string_view{});
    auto rows = names.size() <= max_prepared_names
                    ? connection.run_prepared(find_query(names.size()), values)
                    : connection.query("find", find_query(names.size()), values);
    if (!rows) return rows.error();
    if (rows->size() == 0) return retry("store: its id is gone");
    if (auto known = check_folding(rows->text(0, 9), names); !known) return known.error();
    FoundEntries found{{std::string{rows->text(0, 0)}, rows->integer(0, 1),
                        LogPosition{rows->integer(0, 2), std::string{rows->text(0, 3)}}},
                       std::vector<std::optional<StoredEntry>>(names.size())};
    for (int row = 0; row < rows->size(); ++row) {
        if (rows->is_null(row, 4)) continue;
        auto entry = read_entry(*rows, row);
        if (!entry) return entry.error();
        for (std::size_t i = 0; i < names.size(); ++i)
            if (names[i].text() == rows->text(row, 4)) found.entries[i] = *entry;
    }
    return found;
}

Result<Binding> read_binding(PostgresqlConnection& connection, const EntryName& name) {
    auto row = read_row(connection, name);
    if (!row) return row.error();
    Binding binding;
    binding.version = row->version;
    if (row->version == 0) return binding;
    auto targets = parse_targets(row->targets);
    if (!targets) return targets.error();
    binding.targets = std::move(*targets);
    auto certificates = connection.query(
        "read", "SELECT description, octets FROM certificates WHERE address = $1 ORDER BY position",
        SqlValues{}.add(row->number));
    if (!certificates) return certificates.error();
    for (int i = 0; i < certificates->size(); ++i) {
        auto certificate = read_certificate(certificates->text(i, 0), certificates->blob(i, 1));
        if (!certificate) return certificate.error();
        binding.certificates.push_back(std::move(*certificate));
    }
    auto recognised =
        connection.query("read", "SELECT fingerprint, lost FROM recognised WHERE address = $1",
                         SqlValues{}.add(row->number));
    if (!recognised) return recognised.error();
    for (int i = 0; i < recognised->size(); ++i) {
        const Octets blob = recognised->blob(i, 0);  // 20 octets: the table checks
        std::copy_n(blob.begin(), std::min(blob.size(), Fingerprint{}.size()),
                    binding.recognise.emplace_back().begin());
        if (recognised->integer(i, 1) != 0) binding.lost.push_back(binding.recognise.back());
    }
    return binding;
}

Result<Difference> write_change(PostgresqlConnection& connection, const Change& change,
                                std::int64_t revision) {
    auto row = read_row(connection, change.name);
    if (!row) return row.error();
    if (row->version != change.version) return Difference{};
    if (auto noted = note_changed(connection, change.name, revision); !noted) return noted.error();
    if (!change.bound) {
        auto done = run(connection, "DELETE FROM addresses WHERE number = $1",
                        SqlValues{}.add(row->number));
        if (!done) return done.error();
        return Difference{row->version == 0 ? 0 : -1};
    }
    std::int64_t number = row->number;
    if (row->version == 0) {
        auto inserted = insert_address(connection, change.name);
        if (!inserted) return inserted.error();
        number = *inserted;
    }
    auto done = bind_address(connection, number, change, revision);
    if (!done) return done.error();
    return Difference{row->version == 0 ? 1 : 0};
}

Result<void> write_answer(PostgresqlConnection& connection, const EntryName& name,
                          std::int64_t version, const CompiledAnswer& answer) {
    return run(connection,
               "UPDATE addresses SET version = $1, state = $2, expires = $3, valid_until = $4, "
               "answer = $5 WHERE name = $6",
               SqlValues{}
                   .add(version)
                   .add(token_of(answer.state))
                   .add(answer.expires)
                   .add(answer.valid_until)
                   .add(answer.text)
                   .add(name.text()));
}

Result<ChangedAddresses> read_changed(PostgresqlConnection& connection, std::int64_t after,
                                      std::int64_t until) {
    if (until - after > remembered_changes) return ChangedAddresses{};
    auto rows = connection.query("changes",
                                 "SELECT address FROM changed WHERE revision > $1 AND "
                                 "revision <= $2",
                                 SqlValues{}.add(after).add(until));
    if (!rows) return rows.error();
    if (rows->size() != until - after) return ChangedAddresses{};
    std::vector<std::string> addresses;
    for (int i = 0; i < rows->size(); ++i) addresses.emplace_back(rows->text(i, 0));
    return ChangedAddresses{std::move(addresses)};
}

}  // namespace maildircrypt
