#include "keyd/cli_backup.hpp"

#include "keyd/backup_file.hpp"
#include "keyd/backup_json.hpp"
#include "keyd/cli_output.hpp"
#include "keyd/encoding.hpp"
#include "keyd/json_fields.hpp"
#include "keyd/keyd_call.hpp"

#include <iostream>
#include <map>

#include <sysexits.h>

namespace maildircrypt {
namespace {

using nlohmann::json;

constexpr std::size_t piece_octets =
    2 * 1024 * 1024;  // of entries in one request; keyd takes 5 MiB

int complain(const std::string& message, int status) {
    std::cerr << "keyd-cli: " << printable(message) << '\n';
    return status;
}

int complain(const Error& error) {
    return complain(error.what, error.fate == Fate::refuse ? EX_DATAERR : EX_IOERR);
}

json stamp_json(const StoreStamp& stamp) {
    return {{"store", {{"id", stamp.id}, {"revision", stamp.revision}}},
            {"log", {{"sequence", stamp.log.sequence}, {"head", stamp.log.head}}}};
}

class Backup {
public:
    Backup(HttpClient& client, BackupWriter writer) : client_(client), writer_(std::move(writer)) {}

    int run(const std::string& path) {
        const CallReply begun = call_keyd(client_, {"POST", "/v1/backup", {}});
        if (const auto* failure = std::get_if<CallFailure>(&begun))
            return complain(failure->message, failure->status);
        const json& reply = std::get<json>(begun);
        JsonFields fields{reply};
        const std::string token = fields.text("backup");
        const json first{{"maildircrypt-backup", 1},
                         {"store", fields.object("store")},
                         {"log", fields.object("log")},
                         {"time", fields.natural("time")}};
        if (!fields.ok()) return complain("keyd's reply is not understood", EX_PROTOCOL);
        if (auto added = writer_.add(first); !added) return complain(added.error());
        std::int64_t entries = 0;
        std::int64_t rows = 0;
        const std::string target = "/v1/backup/" + percent_encode(token);
        if (const int status = copy(target + "/entries", "entries", "entry", entries); status != 0)
            return status;
        if (const int status = copy(target + "/log", "rows", "row", rows); status != 0)
            return status;
        if (auto done = writer_.finish(entries, rows); !done) return complain(done.error());
        return check(path, entries, rows);
    }

private:
    int copy(const std::string& target, const char* list, const char* name, std::int64_t& count) {
        std::string query;
        for (;;) {
            const CallReply page = call_keyd(client_, {"GET", target + query, {}});
            if (const auto* failure = std::get_if<CallFailure>(&page))
                return complain(failure->message, failure->status);
            const json& reply = std::get<json>(page);
            JsonFields fields{reply};
            for (const auto& one : fields.list(list)) {
                if (auto added = writer_.add({{name, one}}); !added) return complain(added.error());
                ++count;
            }
            if (!fields.ok() || !reply.contains("next"))
                return complain("keyd's reply is not understood", EX_PROTOCOL);
            const json& next = reply["next"];
            if (next.is_null()) return EX_OK;
            query = "?after=" +
                    percent_encode(next.is_string() ? next.get<std::string>() : next.dump());
        }
    }

    /// A backup that cannot be read back is none.
    static int check(const std::string& path, std::int64_t entries, std::int64_t rows) {
        auto read =
            read_backup(path, [](const BackupSummary&, const json&) -> Result<void> { return {}; });
        if (!read) return complain(read.error());
        std::cout << path << ": " << entries << " entries, " << rows
                  << " rows of the key log, revision " << read->stamp.revision << '\n'
                  << std::flush;
        return std::cout ? EX_OK : EX_IOERR;
    }

    HttpClient& client_;
    BackupWriter writer_;
};

class Restore {
public:
    Restore(HttpClient& client, StoreStamp stamp) : client_(client), stamp_(std::move(stamp)) {}

    Result<void> take(json entry) {
        octets_ += entry.dump().size();
        entries_.push_back(std::move(entry));
        return octets_ < piece_octets ? Result<void>{} : send();
    }
    Result<void> send() {
        if (entries_.empty()) return {};
        json request = stamp_json(stamp_);
        request["entries"] = std::exchange(entries_, json::array());
        octets_ = 0;
        const CallReply reply = call_keyd(client_, {"POST", "/v1/restore", request.dump()});
        if (const auto* failure = std::get_if<CallFailure>(&reply)) {
            status_ = failure->status;
            return retry(failure->message);
        }
        JsonFields fields{std::get<json>(reply)};
        for (const auto& one : fields.list("entries")) tell(one);
        if (fields.ok()) return {};
        status_ = EX_PROTOCOL;
        return retry("keyd's reply is not understood");
    }
    int status() const { return status_; }
    void summarise() const {
        std::cout << "restored " << count("restored") << ", merged " << count("merged")
                  << ", unchanged " << count("unchanged") << ", skipped " << count("skipped")
                  << '\n'
                  << std::flush;
    }

private:
    void tell(const json& one) {
        JsonFields fields{one};
        const std::string note = fields.text("note");
        ++counts_[fields.text("result")];
        if (!note.empty())
            std::cerr << printable(fields.text("result")) << ": " << printable(fields.text("name"))
                      << ": " << printable(note) << '\n';
    }
    std::size_t count(const char* result) const {
        const auto found = counts_.find(result);
        return found == counts_.end() ? 0 : found->second;
    }

    HttpClient& client_;
    const StoreStamp stamp_;
    json entries_ = json::array();
    std::size_t octets_ = 0;
    std::map<std::string, std::size_t> counts_;
    int status_ = EX_OK;
};

/// A backup of a keyd with other rules of folding may hold two entries that are one to this keyd:
/// which keys were the address's is not for us to guess. Few names change: these are gathered, and
/// all are held against them.
class ChangedNames {
public:
    void add(const std::string& written, const EntryName& name) {
        if (written != name.text()) former_.emplace(name.text(), written);
    }
    Result<void> check(const std::string& path) const {
        if (former_.empty()) return {};
        auto read = read_backup(path, [&](const BackupSummary&, const json& entry) -> Result<void> {
            const auto found = read_entry(entry);
            if (!found) return found.error();
            const std::string written = entry["name"].get<std::string>();
            const auto other = former_.find(found->name.text());
            if (other == former_.end() || other->second == written) return {};
            return refuse(
                path + ": " + other->second + " and " + written +
                " are one address to this keyd, as they are to Postfix. Nothing was restored: "
                "restore it with the keyd that wrote it, there remove one of them, and make a "
                "new backup");
        });
        return read ? Result<void>{} : read.error();
    }

private:
    std::map<std::string, std::string> former_;  ///< by name
};

}  // namespace

int back_up(HttpClient& client, const std::string& path) {
    auto writer = BackupWriter::begin(path);
    if (!writer) return complain(writer.error().what, EX_CANTCREAT);
    return Backup{client, std::move(*writer)}.run(path);
}

int restore_backup(HttpClient& client, const std::string& path, bool dry_run) {
    // All of it is looked at before anything is changed.
    ChangedNames changed;
    auto whole = read_backup(path, [&](const BackupSummary&, const json& entry) -> Result<void> {
        const auto read = read_entry(entry);
        if (!read) return read.error();
        changed.add(entry["name"].get<std::string>(), read->name);
        return {};
    });
    if (!whole)
        return complain(whole.error().what,
                        whole.error().fate == Fate::refuse ? EX_DATAERR : EX_NOINPUT);
    if (auto distinct = changed.check(path); !distinct)
        return complain(distinct.error().what, EX_DATAERR);
    if (dry_run) {
        std::cout << path << ": whole; " << whole->entries << " entries, " << whole->rows
                  << " rows of the key log, store " << whole->stamp.id << ", revision "
                  << whole->stamp.revision << ", of " << date_text(whole->time) << '\n'
                  << std::flush;
        return EX_OK;
    }
    Restore restore{client, whole->stamp};
    auto done = read_backup(path, [&restore](const BackupSummary&, json entry) {
        return restore.take(std::move(entry));
    });
    auto sent = done ? restore.send() : Result<void>{done.error()};
    restore.summarise();
    if (sent) return std::cout ? EX_OK : EX_IOERR;
    return complain("broken off: " + sent.error().what,
                    restore.status() != EX_OK ? restore.status() : EX_IOERR);
}

}  // namespace maildircrypt
