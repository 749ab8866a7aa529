/// Deliverable text with a Maildir's line ends: mail that LMTP brought in as it is, every CRLF made
/// LF.
#pragma once

#include "base/result.hpp"
#include "seal/deliverable.hpp"

namespace maildircrypt {

/// For mail that is stored as its sender wrote it. LMTP writes line ends as CRLF and a Maildir as
/// LF; a CR or LF that stands alone stays. Not thread-safe; one per message.
class MaildirLines : public MessageOutput {
public:
    /// `output` outlives the object.
    explicit MaildirLines(MessageOutput& output) : output_(output) {}

    Result<void> header(const OuterHeader& header) override;
    Result<void> body(Deliverable piece) override;
    /// A CR at the very end of the message is written now.
    Result<void> finish();

private:
    Result<void> write(std::string_view text);

    MessageOutput& output_;
    bool held_cr_ = false;  ///< the last octet was a CR; whether it stays depends on the next
};

}  // namespace maildircrypt
