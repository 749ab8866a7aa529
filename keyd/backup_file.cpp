#include "keyd/backup_file.hpp"

#include "base/handle.hpp"
#include "keyd/backup_json.hpp"
#include "keyd/encoding.hpp"
#include "keyd/json_fields.hpp"
#include "keyd/json_text.hpp"
#include "keyd/log_chain.hpp"

#include <array>
#include <cstdio>
#include <optional>

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

namespace maildircrypt {

using nlohmann::json;

/// SHA-256 of all lines with their ends.
class LineHash {
public:
    LineHash() : context_(EVP_MD_CTX_new()) {
        ok_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
    }
    void add(std::string_view text) {
        ok_ = ok_ && EVP_DigestUpdate(context_.get(), text.data(), text.size()) == 1;
    }
    Result<std::string> finish() {
        Sha256 hash{};
        if (!ok_ || EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) != 1)
            return retry("backup: SHA-256 failed");
        return hex_text(hash);
    }

private:
    Handle<EVP_MD_CTX, EVP_MD_CTX_free> context_;
    bool ok_;
};

namespace {

constexpr std::int64_t format = 1;
constexpr std::size_t buffer_size = 256 * 1024;
constexpr std::size_t max_line = 16 * 1024 * 1024;  // octets; an entry has 8 certificates at most

Error damaged(const std::string& how) {
    return refuse("backup: " + how);
}

/// Lines of a file, each without its LF.
class LineReader {
public:
    explicit LineReader(Fd file) : file_(std::move(file)) {}
    /// Nothing at the end; a last line without LF is damage.
    Result<std::optional<std::string>> next() {
        for (;;) {
            const std::size_t end = held_.find('\n', begin_);
            if (end != held_.npos) {
                std::string line = held_.substr(begin_, end - begin_);
                begin_ = end + 1;
                return std::optional<std::string>{std::move(line)};
            }
            held_.erase(0, std::exchange(begin_, 0));
            if (held_.size() > max_line) return damaged("a line is too long");
            std::array<char, 64 * 1024> piece{};
            auto count = read_some(file_.get(), piece, "read the backup");
            if (!count) return count.error();
            if (*count == 0) {
                if (held_.empty()) return std::optional<std::string>{};
                return damaged("it was cut short");
            }
            held_.append(piece.data(), *count);
        }
    }

private:
    Fd file_;
    std::string held_;
    std::size_t begin_ = 0;
};

class BackupReader {
public:
    BackupReader(Fd file, const TakeEntry& take) : lines_(std::move(file)), take_(take) {}

    Result<BackupSummary> run() {
        if (auto begun = begin(); !begun) return begun.error();
        for (;;) {
            auto line = lines_.next();
            if (!line) return line.error();
            if (!*line) return damaged("it was cut short");
            const json object = parse_json(**line);
            JsonFields fields{object};
            if (object.is_object() && object.contains("end")) return finish(fields.object("end"));
            hash_.add(**line + '\n');
            if (auto taken = take_line(object); !taken) return taken.error();
        }
    }

private:
    Result<void> begin() {
        auto line = lines_.next();
        if (!line) return line.error();
        const json object = parse_json(line->value_or(""));
        JsonFields fields{object};
        const std::int64_t version = fields.natural("maildircrypt-backup");
        if (!fields.ok()) return damaged("this is no backup of keyd-cli");
        if (version != format)
            return damaged("its format is " + std::to_string(version) + ", this keyd-cli knows " +
                           std::to_string(format));
        summary_.time = fields.natural("time");
        if (!read_stamp(fields, summary_.stamp) || !fields.ok())
            return damaged("its first line is damaged");
        hash_.add(**line + '\n');
        auto chain = ChainCheck::begin(summary_.stamp.id);
        if (!chain) return chain.error();
        chain_.emplace(std::move(*chain));
        return {};
    }

    Result<void> take_line(const json& object) {
        if (object.is_object() && object.contains("row")) {
            auto row = read_row(object["row"]);
            if (!row) return row.error();
            ++summary_.rows;
            return chain_->add(*row);
        }
        if (!object.is_object() || !object.contains("entry")) return damaged("a line is damaged");
        ++summary_.entries;
        return take_(summary_, object["entry"]);
    }

    Result<BackupSummary> finish(const json& end) {
        JsonFields fields{end};
        auto hash = hash_.finish();
        if (!hash) return hash.error();
        if (fields.natural("entries") != summary_.entries ||
            fields.natural("rows") != summary_.rows || fields.text("sha256") != *hash)
            return damaged("it was cut or altered");
        auto behind = lines_.next();
        if (!behind) return behind.error();
        if (*behind) return damaged("something stands behind its end");
        if (auto whole = chain_->finish(summary_.stamp.log); !whole) return whole.error();
        return summary_;
    }

    LineReader lines_;
    const TakeEntry& take_;
    LineHash hash_;
    BackupSummary summary_;
    std::optional<ChainCheck> chain_;
};

Result<void> sync_directory(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == path.npos ? "." : path.substr(0, slash + 1);
    auto fd = open_file(directory, O_RDONLY | O_DIRECTORY);
    if (!fd) return fd.error();
    if (::fsync(fd->get()) != 0) return errno_error("backup: sync " + directory);
    return fd->close("backup: close " + directory);
}

}  // namespace

Result<BackupWriter> BackupWriter::begin(const std::string& path) {
    const std::string temporary = path + ".new-" + std::to_string(::getpid());
    auto file = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!file) return file.error();
    return BackupWriter{path, std::move(*file)};
}

BackupWriter::BackupWriter(std::string path, Fd file)
    : path_(std::move(path)),
      temporary_(path_ + ".new-" + std::to_string(::getpid())),
      file_(std::move(file)),
      hash_(std::make_unique<LineHash>()) {}

BackupWriter::BackupWriter(BackupWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)),
      buffer_(std::move(other.buffer_)),
      hash_(std::move(other.hash_)) {}

BackupWriter::~BackupWriter() {
    // What stays behind has a name of its own and is no backup.
    if (!temporary_.empty()) (void)::unlink(temporary_.c_str());
}

Result<void> BackupWriter::add(const json& line) {
    const std::string text = line.dump() + '\n';
    hash_->add(text);
    buffer_ += text;
    return buffer_.size() < buffer_size ? Result<void>{} : flush();
}

Result<void> BackupWriter::flush() {
    auto written = write_all(file_.get(), buffer_, "backup: write " + temporary_);
    buffer_.clear();
    return written;
}

Result<void> BackupWriter::finish(std::int64_t entries, std::int64_t rows) {
    auto hash = hash_->finish();
    if (!hash) return hash.error();
    const json end{{"entries", entries}, {"rows", rows}, {"sha256", *hash}};
    buffer_ += json{{"end", end}}.dump() + '\n';
    if (auto written = flush(); !written) return written;
    if (::fsync(file_.get()) != 0) return errno_error("backup: sync " + temporary_);
    if (auto closed = file_.close("backup: close " + temporary_); !closed) return closed;
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0)
        return errno_error("backup: rename " + temporary_ + " to " + path_);
    temporary_.clear();
    return sync_directory(path_);
}

Result<BackupSummary> read_backup(const std::string& path, const TakeEntry& take) {
    auto file = open_file(path, O_RDONLY);
    if (!file) return file.error();
    return BackupReader{std::move(*file), take}.run();
}

}  // namespace maildircrypt
