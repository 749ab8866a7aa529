/// One transaction with the next hop: the envelope, the content, one reply for each recipient.
#pragma once

#include "pipe/lmtp_client.hpp"
#include "pipe/lmtp_held_message.hpp"
#include "pipe/lmtp_session.hpp"

#include <optional>
#include <vector>

namespace maildircrypt::lmtp {

/// One thread; used once. The arguments outlive it.
class Transfer {
public:
    Transfer(Client& client, const Sender& sender, const std::vector<Recipient>& recipients,
             const HeldMessage& message, Deadline deadline);

    /// One reply for each recipient, in their order. A reply accepts only when the next hop said
    /// 250 to that recipient after the end of the content.
    std::vector<Reply> run();

    /// Whether the next hop answered anything at all, 421 apart.
    bool was_heard() const { return heard_; }
    /// Whether the connection stands between transactions and may be used again.
    bool is_clean() const { return clean_; }

private:
    Result<void> transact();
    Result<void> send_trace();
    Result<void> send_envelope();
    Result<void> read_recipient_replies(std::size_t first, std::size_t count);
    Result<bool> send_content();
    Result<void> send_chunk();
    Result<void> send_data();
    Result<void> read_verdicts();
    Result<void> reset();
    Result<Reply> take(Result<Reply> reply);
    bool fits();
    std::string mail_command() const;
    std::string recipient_command(const Recipient& recipient) const;
    std::vector<std::size_t> waiting() const;
    void answer_waiting(const Reply& reply);

    Client& client_;
    const Sender& sender_;
    const std::vector<Recipient>& recipients_;
    const HeldMessage& message_;
    const Deadline deadline_;
    std::vector<std::optional<Reply>> replies_;  ///< none: the recipient still waits for a verdict
    bool heard_ = false;
    bool clean_ = false;
};

}  // namespace maildircrypt::lmtp
