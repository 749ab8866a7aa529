/// Unique names of messages in a Maildir (https://cr.yp.to/proto/maildir.html, "How is a message
/// delivered?" and "Can a maildir name contain ...?").
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace maildircrypt {

/// What makes a name unique: "no two names will be the same".
struct MaildirNameParts {
    timespec time;           ///< CLOCK_REALTIME; seconds, and microseconds as M
    pid_t process;           ///< P
    std::uint64_t delivery;  ///< Q, the number of this name among those of the process
    std::string host;        ///< any text: `/`, `:`, `,`, spaces and controls are escaped
};

/// `TIME.MusecPpidQdelivery.HOST`, at most 255 octets less room for the sizes below and for the
/// flags that readers add.
std::string make_maildir_name(const MaildirNameParts& parts);

/// Counts the octets of a message as they are written, and as IMAP counts them: every line end two
/// octets.
class MessageSize {
public:
    void add(std::string_view text);
    /// The name in new/: Dovecot takes sizes from `,S=` and `,W=` and need not open the file.
    std::string append_to(const std::string& name) const;
    std::uint64_t octets() const { return octets_; }

private:
    std::uint64_t octets_ = 0;
    std::uint64_t bare_line_feeds_ = 0;
    char last_ = '\0';
};

}  // namespace maildircrypt
