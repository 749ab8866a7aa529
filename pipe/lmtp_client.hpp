/// One connection to the next hop: LMTP's client side, blocking but never beyond a deadline.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/sink.hpp"
#include "pipe/lmtp_endpoint.hpp"
#include "pipe/lmtp_next_hop.hpp"
#include "pipe/lmtp_reply_reader.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt::lmtp {

/// What the next hop's answer to LHLO offers.
struct Capabilities {
    bool pipelining = false;
    bool eight_bit = false;
    bool smtputf8 = false;
    bool dsn = false;
    bool chunking = false;
    bool size = false;
    std::uint64_t size_limit = 0;  ///< octets; 0 is none or not said
    std::vector<std::string> xforward;
};

Capabilities read_capabilities(const ReplyLines& reply);

/// One thread at a time. After an error the connection is of no use any more. All errors are of
/// fate retry.
class Client {
public:
    /// Connects, takes the greeting, says LHLO. `step` is the time for each answer.
    static Result<Client> connect(const Endpoint& endpoint, const std::string& name,
                                  std::chrono::milliseconds step, Deadline deadline);

    const Capabilities& capabilities() const { return capabilities_; }
    /// Whether the next hop closed the connection or said something meanwhile.
    bool is_stale() const;

    /// Queues a line, without its CRLF.
    void add_command(std::string_view line);
    /// Sends what is queued: commands, whose answers may come meanwhile.
    Result<void> flush(Deadline deadline) { return send_queued(deadline, false); }
    /// Sends the rest of the content.
    Result<void> flush_content(Deadline deadline) { return send_queued(deadline, true); }
    Result<Reply> read_reply(Deadline deadline);
    /// flush() and read_reply() of one command.
    Result<Reply> command(std::string_view line, Deadline deadline);
    /// Whether the last reply was 421, or octets came that nobody asked for.
    bool is_closing() const { return closing_ || !unread_.empty(); }

    /// Content: goes out in large pieces, the rest with flush_content(). An answer in the middle is
    /// an error.
    class Content : public Sink {
    public:
        /// `client` outlives the object.
        Content(Client& client, Deadline deadline) : client_(client), deadline_(deadline) {}
        Result<void> write(std::string_view piece) override;

    private:
        Client& client_;
        Deadline deadline_;
    };

    /// QUIT without waiting for its answer.
    void say_goodbye();

private:
    Client(Fd fd, std::chrono::milliseconds step) : fd_(std::move(fd)), step_(step) {}
    Result<void> send_queued(Deadline deadline, bool is_content);
    Result<ReplyLines> read_lines(Deadline deadline);
    Deadline step_end(Deadline deadline) const;

    Fd fd_;
    std::chrono::milliseconds step_;
    Capabilities capabilities_;
    SecretText unsent_;  ///< mail that passes in clear is in here, too
    std::string unread_;
    ReplyReader reader_;
    bool closing_ = false;
};

}  // namespace maildircrypt::lmtp
