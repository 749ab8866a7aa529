#include "keyd/sqlite_changes.hpp"

#include "keyd/certificate_json.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

struct AddressRow {
    std::int64_t number = 0;
    std::int64_t version = 0;  ///< 0: there is none
};

Result<AddressRow> read_row(const SqliteConnection& connection, const Address& address) {
    auto kept = connection.kept("SELECT number, version FROM addresses WHERE address = ?");
    if (!kept) return kept.error();
    Statement& row = **kept;
    row.bind(address.text());
    auto found = row.step();
    const AddressRow result =
        found && *found ? AddressRow{row.integer(0), row.integer(1)} : AddressRow{};
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

Result<std::vector<Fingerprint>> read_recognised(const SqliteConnection& connection,
                                                 std::int64_t number) {
    auto rows = connection.prepare("SELECT fingerprint FROM recognised WHERE address = ?");
    if (!rows) return rows.error();
    rows->bind(number);
    std::vector<Fingerprint> fingerprints;
    for (;;) {
        auto row = rows->step();
        if (!row) return row.error();
        if (!*row) return fingerprints;
        const Octets blob = rows->blob(0);  // 20 octets: the table checks
        std::copy_n(blob.begin(), std::min(blob.size(), Fingerprint{}.size()),
                    fingerprints.emplace_back().begin());
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
        auto kept = connection.kept("INSERT OR IGNORE INTO recognised VALUES (?,?)");
        if (!kept) return kept.error();
        (*kept)->bind(number).bind_blob(fingerprint);
        if (auto done = (*kept)->run(); !done) return done;
    }
    return {};
}

Result<std::int64_t> insert_address(const SqliteConnection& connection, const Address& address) {
    auto kept = connection.kept("INSERT INTO addresses VALUES (NULL,?,0,'',0,0,'')");
    if (!kept) return kept.error();
    (*kept)->bind(address.text());
    if (auto done = (*kept)->run(); !done) return done.error();
    return connection.last_row();
}

Result<void> bind_address(const SqliteConnection& connection, std::int64_t number,
                          const Change& change, std::int64_t revision) {
    const Bound& bound = *change.bound;
    auto done = run_on(connection, "DELETE FROM certificates WHERE address = ?", number);
    if (done) done = insert_certificates(connection, number, bound.certificates);
    if (done) done = insert_recognised(connection, number, bound.recognise);
    if (done) done = write_answer(connection, change.address, revision, bound.answer);
    return done;
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

Result<Binding> read_binding(const SqliteConnection& connection, const Address& address) {
    auto row = read_row(connection, address);
    if (!row) return row.error();
    Binding binding;
    binding.version = row->version;
    if (row->version == 0) return binding;
    auto certificates = read_certificates(connection, row->number);
    auto recognised = read_recognised(connection, row->number);
    if (!certificates) return certificates.error();
    if (!recognised) return recognised.error();
    binding.certificates = std::move(*certificates);
    binding.recognise = std::move(*recognised);
    return binding;
}

Result<Difference> write_change(const SqliteConnection& connection, const Change& change,
                                std::int64_t revision) {
    auto row = read_row(connection, change.address);
    if (!row) return row.error();
    if (row->version != change.version) return Difference{};
    if (!change.bound) {
        auto done = run_on(connection, "DELETE FROM addresses WHERE number = ?", row->number);
        if (!done) return done.error();
        return Difference{row->version == 0 ? 0 : -1};
    }
    std::int64_t number = row->number;
    if (row->version == 0) {
        auto inserted = insert_address(connection, change.address);
        if (!inserted) return inserted.error();
        number = *inserted;
    }
    auto done = bind_address(connection, number, change, revision);
    if (!done) return done.error();
    return Difference{row->version == 0 ? 1 : 0};
}

Result<void> write_answer(const SqliteConnection& connection, const Address& address,
                          std::int64_t version, const CompiledAnswer& answer) {
    auto kept = connection.kept(
        "UPDATE addresses SET version = ?, state = ?, expires = ?, valid_until = ?, answer = ? "
        "WHERE address = ?");
    if (!kept) return kept.error();
    Statement& row = **kept;
    row.bind(version).bind(name_of(answer.state)).bind(answer.expires).bind(answer.valid_until);
    row.bind(answer.text).bind(address.text());
    return row.run();
}

}  // namespace maildircrypt
