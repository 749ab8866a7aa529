#include "pipe/maildir_message.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

/// Octets. A page fault costs a program that lives for one message more than another write(2) does.
constexpr std::size_t buffer_size = 16 * 1024;
constexpr mode_t file_mode = 0600;
/// Names tried before a collision counts as a fault: even one is next to impossible.
constexpr int max_names = 8;

}  // namespace

MaildirMessage::MaildirMessage(Maildir maildir, std::string host)
    : maildir_(std::move(maildir)), host_(std::move(host)), buffer_(buffer_size) {}

MaildirMessage::~MaildirMessage() {
    (void)remove_file();  // what is left in tmp/ is deleted by readers after 36 hours
}

std::string MaildirMessage::next_name() {
    MaildirNameParts parts{{}, ::getpid(), ++names_, host_};
    (void)::clock_gettime(CLOCK_REALTIME, &parts.time);
    return make_maildir_name(parts);
}

Result<void> MaildirMessage::create_file() {
    for (int i = 0; i < max_names; ++i) {
        std::string name = next_name();
        constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        file_ = Fd{::openat(maildir_.tmp(), name.c_str(), flags, file_mode)};
        if (file_) {
            name_ = tmp_name_ = std::move(name);
            return {};
        }
        if (errno != EEXIST) return maildir_error("create the file in tmp");
    }
    return retry("create the file in tmp: every name is taken");
}

Result<void> MaildirMessage::remove_file() {
    if (tmp_name_.empty()) return {};
    const std::string name = std::exchange(tmp_name_, {});
    if (::unlinkat(maildir_.tmp(), name.c_str(), 0) != 0)
        return errno_error("remove the file in tmp");
    return {};
}

Result<void> MaildirMessage::begin() {
    if (auto removed = remove_file(); !removed) return removed;
    file_ = Fd{};
    buffered_ = 0;
    size_ = {};
    return create_file();
}

Result<void> MaildirMessage::header(const OuterHeader& header) {
    return write(header.render());
}

Result<void> MaildirMessage::body(Deliverable piece) {
    return write(piece.text());
}

Result<void> MaildirMessage::write(std::string_view text) {
    size_.add(text);
    while (!text.empty()) {
        if (buffered_ == buffer_.size()) {
            if (auto flushed = flush(); !flushed) return flushed;
        }
        const std::size_t count = std::min(text.size(), buffer_.size() - buffered_);
        std::copy_n(text.data(), count, buffer_.data() + buffered_);
        buffered_ += count;
        text.remove_prefix(count);
    }
    return {};
}

Result<void> MaildirMessage::flush() {
    const std::string_view text{buffer_.data(), std::exchange(buffered_, 0)};
    return write_all(file_.get(), text, "write the file in tmp");
}

/// A failed fsync(2) is not tried again: the kernel may have dropped the pages that it could not
/// write and would then say that all is well.
Result<void> MaildirMessage::complete() {
    if (auto flushed = flush(); !flushed) return flushed;
    if (::fsync(file_.get()) != 0) return errno_error("sync the file in tmp");
    return file_.close("close the file in tmp");
}

Result<void> MaildirMessage::commit() {
    for (int i = 0; i < max_names; ++i) {
        const std::string name = size_.append_to(i == 0 ? name_ : next_name());
        auto moved = move_to_new(name);
        if (!moved) return moved.error();
        if (!*moved) continue;
        name_ = name;
        tmp_name_.clear();
        if (::fsync(maildir_.fresh()) != 0) return errno_error("sync the directory new");
        return {};
    }
    return retry("move the message to new: every name is taken");
}

Result<bool> MaildirMessage::move_to_new(const std::string& name) {
    if (::renameat2(maildir_.tmp(), tmp_name_.c_str(), maildir_.fresh(), name.c_str(),
                    RENAME_NOREPLACE) == 0)
        return true;
    if (errno == EEXIST) return false;
    if (errno != EINVAL && errno != ENOSYS) return errno_error("rename the message to new");
    // The file system or kernel is without RENAME_NOREPLACE.
    if (::linkat(maildir_.tmp(), tmp_name_.c_str(), maildir_.fresh(), name.c_str(), 0) == 0) {
        (void)::unlinkat(maildir_.tmp(), tmp_name_.c_str(), 0);  // readers delete a second link
        return true;
    }
    if (errno == EEXIST) return false;
    return errno_error("link the message into new");
}

}  // namespace maildircrypt
