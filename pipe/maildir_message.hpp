/// Writes one message into a Maildir so that it survives a power cut once commit() has succeeded.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "pipe/maildir.hpp"
#include "pipe/maildir_name.hpp"
#include "pipe/message_store.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace maildircrypt {

/// The specification (https://cr.yp.to/proto/maildir.html) and this class:
///
///   "1. It chdir()s to the maildir directory."  No: it works relative to open directories.
///   "2. It stat()s the name tmp/time.pid.host. 3. If stat() returned anything other than ENOENT,
///       the program sleeps for two seconds, updates time, and tries the stat() again, a limited
///       number of times."  open(O_EXCL) instead, which needs no stat and leaves no gap; another
///       name at once, a limited number of times.
///   "4. The program creates tmp/time.pid.host. 5. The program NFS-writes the message to the file."
///       Yes, with mode 0600; every write(), fsync() and close() is checked.
///   "6. The program link()s the file to new/time.pid.host. At that instant, the message has been
///       successfully delivered."  renameat2(RENAME_NOREPLACE), which is one step; link() and
///       unlink() where that is missing. Delivered only after the directory new is synced as well.
///   "The delivery program is required to start a timer for 24 hours before step 4, and to abort
///       the delivery if the timer expires."  The supervisor's deadline is far shorter.
///   "Anything in tmp older than 36 hours can be deleted": by mail readers, which do it; a file
///       that a SIGKILL or a power cut leaves there holds no mail in clear that was to be sealed.
class MaildirMessage : public MessageStore {
public:
    /// `host` goes into the name.
    MaildirMessage(Maildir maildir, std::string host);
    ~MaildirMessage() override;

    Result<void> header(const OuterHeader& header) override;
    Result<void> body(Deliverable piece) override;
    Result<void> begin() override;
    Result<void> complete() override;
    Result<void> commit() override;
    std::uint64_t size() const override { return size_.octets(); }
    /// In new/, after commit().
    const std::string& name() const { return name_; }

private:
    std::string next_name();
    Result<void> create_file();
    Result<void> remove_file();
    Result<void> write(std::string_view text);
    Result<void> flush();
    /// False when the name is taken.
    Result<bool> move_to_new(const std::string& name);

    Maildir maildir_;
    std::string host_;
    std::uint64_t names_ = 0;  ///< given out so far
    std::string name_;         ///< without sizes until commit()
    std::string tmp_name_;     ///< empty when there is no file in tmp/
    Fd file_;
    SecretText buffer_;  ///< of buffer_size; mail that passes in clear is in here, too
    std::size_t buffered_ = 0;
    MessageSize size_;
};

}  // namespace maildircrypt
