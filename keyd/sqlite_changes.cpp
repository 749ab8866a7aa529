#include "keyd/sqlite_changes.hpp"

#include "keyd/alias_targets.hpp"
#include "keyd/certificate_json.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

struct AddressRow {
    std::int64_t number = 0;
    std::int64_t version = 0;  ///< 0: there is none
    std::string targets;
};

Result<AddressRow> read_row(const SqliteConnection& connection, const EntryName& name) {
    auto kept = connection.kept("SELECT number, version, targets FROM addresses WHERE name = ?");
    if (!kept) return kept.error();
    Statement& row = **kept;
    row.bind(name.text());
    auto found = row.step();
    const AddressRow result =
        found && *found ? AddressRow{row.integer(0), row.integer(1), std::string{row.text(2)}}
                        : AddressRow{};
    row.reset();
    if (!found) return found.error();
    return result;
}

Result<std::vector<Certificate>> read_certificates(const SqliteConnection& connection,
                                                   std::int64_t number) {
    auto rows = connection.prepare(
        "SELECT description, binary FROM certificates WHERE address = ? ORDER BY position");
    if (!rows) return rows.error();
    rows->bind(number);
    std::vector<Certificate> certificates;
    for (;;) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) return certificates;
        auto certificate = read_certificate(rows->text(0), rows->blob(1));
        if (!certificate) return certificate.error();
        certificates.push_back(std::move(*certificate));
    }
}

/// The recognise set, and of it what is lost.
Result<void> read_recognised(const SqliteConnection& connection, std::int64_t number,
                             Binding& binding) {
    auto rows = connection.prepare("SELECT fingerprint, lost FROM recognised WHERE address = ?");
    if (!rows) return rows.error();
    rows->bind(number);
    for (;;) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) return {};
        Fingerprint fingerprint{};
        const Octets blob = rows->blob(0);  // 20 octets: the table checks
        std::copy_n(blob.begin(), std::min(blob.size(), fingerprint.size()), fingerprint.begin());
        binding.recognise.push_back(fingerprint);
        if (rows->integer(1) != 0) binding.lost.push_back(fingerprint);
    }
}

Result<void> run_on(const SqliteConnection& connection, std::string_view sql, std::int64_t number) {
    auto kept = connection.kept(sql);
    if (!kept) return kept.error();
    (*kept)->bind(number);
    return (*kept)->run();
}

Result<void> insert_certificates(const SqliteConnection& connection, std::int64_t number,
                                 const std::vector<Certificate>& certificates) {
    std::int64_t position = 0;
    for (const auto& certificate : certificates) {
        const std::string description = write_certificate(certificate);
        auto kept = connection.kept("INSERT INTO certificates VALUES (?,?,?,?)");
        if (!kept) return kept.error();
        (*kept)->bind(number).bind(position++).bind(description).bind_blob(certificate.binary);
        if (auto done = (*kept)->run(); !done) return done;
    }
    return {};
}

Result<void> insert_recognised(const SqliteConnection& connection, std::int64_t number,
                               const std::vector<Fingerprint>& fingerprints) {
    for (const auto& fingerprint : fingerprints) {
        auto kept = connection.kept("INSERT OR IGNORE INTO recognised VALUES (?,?,0)");
        if (!kept) return kept.error();
        (*kept)->bind(number).bind_blob(fingerprint);
        if (auto done = (*kept)->run(); !done) return done;
    }
    return {};
}

Result<void> mark_lost(const SqliteConnection& connection, std::int64_t number,
                       const std::vector<Fingerprint>& fingerprints) {
    for (const auto& fingerprint : fingerprints) {
        auto kept =
            connection.kept("UPDATE recognised SET lost = 1 WHERE address = ? AND fingerprint = ?");
        if (!kept) return kept.error();
        (*kept)->bind(number).bind_blob(fingerprint);
        if (auto done = (*kept)->run(); !done) return done;
    }
    return {};
}

Result<void> write_targets_of(const SqliteConnection& connection, std::int64_t number,
                              const std::vector<EntryName>& targets) {
    const std::string text = write_targets(targets);
    auto kept = connection.kept("UPDATE addresses SET targets = ? WHERE number = ?");
    if (!kept) return kept.error();
    (*kept)->bind(text).bind(number);
    return (*kept)->run();
}

Result<std::int64_t> insert_address(const SqliteConnection& connection, const EntryName& name) {
    auto kept = connection.kept("INSERT INTO addresses VALUES (NULL,?,0,'',0,0,'','')");
    if (!kept) return kept.error();
    (*kept)->bind(name.text());
    if (auto done = (*kept)->run(); !done) return done.error();
    return connection.last_row();
}

Result<void> bind_address(const SqliteConnection& connection, std::int64_t number,
                          const Change& change, std::int64_t revision) {
    const Bound& bound = *change.bound;
    auto done = run_on(connection, "DELETE FROM certificates WHERE address = ?", number);
    if (done) done = insert_certificates(connection, number, bound.certificates);
    if (done) done = insert_recognised(connection, number, bound.recognise);
    if (done) done = mark_lost(connection, number, bound.lost);
    if (done) done = write_targets_of(connection, number, bound.targets);
    if (done) done = write_answer(connection, change.name, revision, bound.answer);
    return done;
}

/// Reads the columns of find_entries() from `first` on.
Result<StoredEntry> read_entry(const Statement& row, int first) {
    StoredEntry entry{
        std::string{row.text(first)}, KeyState::tombstone, row.integer(first + 2), {}};
    const auto state = parse_key_state(row.text(first + 1));
    auto targets = parse_targets(row.text(first + 3));
    if (!state) return retry("store: an entry has an unknown state");
    if (!targets) return targets.error();
    entry.state = *state;
    entry.targets = std::move(*targets);
    return entry;
}

/// At most names_at_once.
Result<void> find_some(const SqliteConnection& connection, std::span<const EntryName> names,
                       FoundEntries& found) {
    auto kept = connection.kept(
        "SELECT s.id, s.revision, s.log_sequence, s.log_head, "
        "a.name, a.answer, a.state, a.valid_until, a.targets "
        "FROM store s LEFT JOIN addresses a ON a.name IN (?, ?, ?, ?) WHERE s.one = 1");
    if (!kept) return kept.error();
    Statement& rows = **kept;
    for (const EntryName& name : names) rows.bind(name.text());
    const std::size_t begin = found.entries.size();
    found.entries.resize(begin + names.size());
    auto row = rows.step();
    if (row && !*row) row = retry("store: its id is gone");
    for (; row && *row; row = rows.step()) {
        found.stamp = {std::string{rows.text(0)}, rows.integer(1),
                       LogPosition{rows.integer(2), std::string{rows.text(3)}}};
        if (rows.is_null(4)) continue;
        auto entry = read_entry(rows, 5);
        if (!entry) return entry.error();
        for (std::size_t i = 0; i < names.size(); ++i)
            if (names[i].text() == rows.text(4)) found.entries[begin + i] = *entry;
    }
    rows.reset();  // ends the snapshot
    return row ? Result<void>{} : row.error();
}

}  // namespace

Result<StoreStamp> read_stamp(const SqliteConnection& connection) {
    auto row =
        connection.prepare("SELECT id, revision, log_sequence, log_head FROM store WHERE one = 1");
    if (!row) return row.error();
    auto found = row->step();
    if (!found) return found.error();
    if (!*found) return retry("store: its id is gone");
    return StoreStamp{std::string{row->text(0)}, row->integer(1),
                      LogPosition{row->integer(2), std::string{row->text(3)}}};
}

Result<void> write_stamp(const SqliteConnection& connection, const StoreStamp& stamp,
                         std::int64_t added) {
    auto kept = connection.kept(
        "UPDATE store SET revision = ?, log_sequence = ?, log_head = ?, addresses = addresses + ?");
    if (!kept) return kept.error();
    (*kept)->bind(stamp.revision).bind(stamp.log.sequence).bind(stamp.log.head).bind(added);
    return (*kept)->run();
}

Result<Binding> read_binding(const SqliteConnection& connection, const EntryName& name) {
    auto row = read_row(connection, name);
    if (!row) return row.error();
    Binding binding;
    binding.version = row->version;
    if (row->version == 0) return binding;
    auto certificates = read_certificates(connection, row->number);
    auto targets = parse_targets(row->targets);
    if (!certificates) return certificates.error();
    if (!targets) return targets.error();
    binding.certificates = std::move(*certificates);
    binding.targets = std::move(*targets);
    if (auto read = read_recognised(connection, row->number, binding); !read) return read.error();
    return binding;
}

Result<FoundEntries> find_entries(const SqliteConnection& connection,
                                  std::span<const EntryName> names) {
    FoundEntries found;
    do {
        const auto some = names.first(std::min(names.size(), names_at_once));
        if (auto done = find_some(connection, some, found); !done) return done.error();
        names = names.subspan(some.size());
    } while (!names.empty());
    return found;
}

Result<Difference> write_change(const SqliteConnection& connection, const Change& change,
                                std::int64_t revision) {
    auto row = read_row(connection, change.name);
    if (!row) return row.error();
    if (row->version != change.version) return Difference{};
    if (!change.bound) {
        auto done = run_on(connection, "DELETE FROM addresses WHERE number = ?", row->number);
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

Result<void> write_answer(const SqliteConnection& connection, const EntryName& name,
                          std::int64_t version, const CompiledAnswer& answer) {
    auto kept = connection.kept(
        "UPDATE addresses SET version = ?, state = ?, expires = ?, valid_until = ?, answer = ? "
        "WHERE name = ?");
    if (!kept) return kept.error();
    Statement& row = **kept;
    row.bind(version).bind(token_of(answer.state)).bind(answer.expires).bind(answer.valid_until);
    row.bind(answer.text).bind(name.text());
    return row.run();
}

}  // namespace maildircrypt
