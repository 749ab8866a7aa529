/// A backup file is read whole or refused with a reason. Each input is tried as it is, and mended:
/// with the chain, the counts and the hashes that fit it, so that what lies behind them is reached.
#include "base/bytes.hpp"
#include "base/fd.hpp"
#include "keyd/backup_file.hpp"
#include "keyd/backup_json.hpp"
#include "keyd/encoding.hpp"
#include "keyd/json_text.hpp"
#include "keyd/key_log.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <openssl/sha.h>
#include <sys/mman.h>

namespace maildircrypt {
namespace {

using nlohmann::json;

void require(bool holds) {
    if (!holds) std::abort();
}

/// What is read comes back the same from what is written of it.
void check(const StoredBinding& entry) {
    const std::string written = write_entry(entry).dump();
    const auto again = read_entry(parse_json(written));
    require(again && write_entry(*again).dump() == written);
}

Result<BackupSummary> read(std::string_view text) {
    const Fd file{::memfd_create("backup", MFD_CLOEXEC)};
    require(file && bool(write_all(file.get(), text, "memory")));
    std::int64_t entries = 0;
    const auto take = [&entries](const BackupSummary& begun, const json& object) -> Result<void> {
        require(begun.entries == ++entries);
        const auto entry = read_entry(object);
        if (!entry) return entry.error();
        check(*entry);
        return {};
    };
    auto summary = read_backup("/proc/self/fd/" + std::to_string(file.get()), take);
    if (summary)
        require(summary->entries == entries);
    else
        require(summary.error().fate == Fate::refuse && !summary.error().what.empty());
    return summary;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    for (std::size_t end = 0; (end = text.find('\n')) != text.npos; text.remove_prefix(end + 1))
        lines.push_back(text.substr(0, end));
    return lines;
}

/// Puts the row behind `previous`, whatever it said.
void chain(StoredLogRow& stored, std::int64_t sequence, const Sha256& previous) {
    LogRow& row = stored.row;
    row.sequence = sequence;
    row.previous = previous;
    if (stored.openings) {
        row.address = commitment(Committed::address, stored.openings->address).value();
        row.keys = commitment(Committed::keys, stored.openings->keys).value();
    }
    stored.hash = hash_row(row).value();
}

std::string sha256(const std::string& text) {
    Sha256 hash{};
    SHA256(as_octets(text).data(), text.size(), hash.data());
    return hex_text(hash);
}

/// A whole backup of those lines that can be understood.
std::string mend(std::string_view text) {
    const std::string id(store_id_length, '7');
    Sha256 head = genesis_hash(id).value();
    std::string body;
    std::int64_t entries = 0;
    std::int64_t rows = 0;
    for (const std::string_view line : lines_of(text)) {
        const json object = parse_json(line);
        if (object.is_object() && object.contains("row")) {
            auto row = read_row(object["row"]);
            if (!row) continue;
            chain(*row, ++rows, head);
            head = row->hash;
            body += json{{"row", write_row(*row)}}.dump() + '\n';
        } else if (object.is_object() && object.contains("entry") && read_entry(object["entry"])) {
            ++entries;
            body += json{{"entry", object["entry"]}}.dump() + '\n';
        }
    }
    const json first{{"maildircrypt-backup", 1},
                     {"store", {{"id", id}, {"revision", 1}}},
                     {"log", {{"sequence", rows}, {"head", hex_text(head)}}},
                     {"time", 1}};
    const std::string whole = first.dump() + '\n' + body;
    const json end{{"entries", entries}, {"rows", rows}, {"sha256", sha256(whole)}};
    return whole + json{{"end", end}}.dump() + '\n';
}

}  // namespace
}  // namespace maildircrypt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace maildircrypt;
    const std::string_view input = as_text({data, size});
    (void)read(input);
    std::string mended = mend(input);
    require(bool(read(mended)));
    // No octet of it may be another one.
    mended[size * 2654435761U % mended.size()] ^= 1;
    require(!read(mended));
    return 0;
}
