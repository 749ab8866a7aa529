/// The next hop "lmtp:...": connections that are kept, and what their other end offers.
#pragma once

#include "base/spill.hpp"
#include "pipe/lmtp_client.hpp"
#include "pipe/lmtp_next_hop.hpp"
#include "seal/crypto_context.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace maildircrypt::lmtp {

/// Any thread.
class Connections {
public:
    Connections(Endpoint endpoint, std::string name, std::chrono::milliseconds step);

    /// A kept connection that looks alive, or none.
    std::optional<Client> take_kept();
    Result<Client> connect(Deadline deadline);
    /// Between transactions only.
    void give_back(Client client);
    /// Closes what was kept too long.
    void close_idle();
    /// Of the newest connection; nothing is offered as long as there was none.
    Capabilities capabilities() const;

private:
    struct Kept {
        Client client;
        Deadline since;
    };

    const Endpoint endpoint_;
    const std::string name_;
    const std::chrono::milliseconds step_;
    mutable std::mutex mutex_;
    std::vector<Kept> kept_;  ///< the longest unused first
    Capabilities capabilities_;
};

class LmtpHop : public NextHop {
public:
    /// `name` is this host's, for LHLO. `context` and `budget` outlive the object.
    LmtpHop(Endpoint endpoint, std::string name, std::chrono::milliseconds step,
            const CryptoContext& context, SpillBudget& budget)
        : connections_(std::move(endpoint), std::move(name), step),
          context_(context),
          budget_(budget) {}

    /// Learns what the next hop offers, so that the first peer is offered it as well. Its absence
    /// is no fault: mail waits then.
    Result<void> probe();

    Offer offer() const override;
    LineEnd line_end() const override { return LineEnd::crlf; }
    Reply judge(const Sender& sender, const Recipient& envelope,
                const Address& address) const override;
    bool has_room_for(std::uint64_t octets) const override;
    Result<std::unique_ptr<Delivery>> open(const Sender& sender,
                                           std::vector<Destination> destinations,
                                           TextOrigin origin) override;
    void tick() override { connections_.close_idle(); }

private:
    Connections connections_;
    const CryptoContext& context_;
    SpillBudget& budget_;
};

}  // namespace maildircrypt::lmtp
