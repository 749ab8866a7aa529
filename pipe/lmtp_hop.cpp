#include "pipe/lmtp_hop.hpp"

#include "pipe/lmtp_held_message.hpp"
#include "pipe/lmtp_limits.hpp"
#include "pipe/lmtp_transfer.hpp"

#include <algorithm>
#include <utility>

namespace maildircrypt::lmtp {
namespace {

class HopDelivery : public Delivery {
public:
    HopDelivery(Connections& connections, HeldMessage message, Sender sender,
                std::vector<Destination> destinations)
        : connections_(connections), message_(std::move(message)), sender_(std::move(sender)) {
        for (auto& destination : destinations)
            recipients_.push_back(std::move(destination.envelope));
    }

    Result<void> header(const OuterHeader& header) override { return message_.header(header); }
    Result<void> body(Deliverable piece) override { return message_.body(piece); }

    std::vector<Reply> deliver(Deadline deadline) override {
        // A kept connection may be closing just now: as long as nothing was answered on it, nothing
        // has happened, and a new one is tried. Once: the next hop may also hang.
        if (auto kept = connections_.take_kept()) {
            Transfer transfer{*kept, sender_, recipients_, message_, deadline};
            auto replies = transfer.run();
            if (transfer.was_heard()) return end(std::move(*kept), transfer, std::move(replies));
        }
        auto client = connections_.connect(deadline);
        if (!client) {
            const Reply away = next_hop_away("4.4.1", "The next hop is away", client.error().what);
            return std::vector<Reply>(recipients_.size(), away);
        }
        Transfer transfer{*client, sender_, recipients_, message_, deadline};
        auto replies = transfer.run();
        return end(std::move(*client), transfer, std::move(replies));
    }

private:
    std::vector<Reply> end(Client client, const Transfer& transfer, std::vector<Reply> replies) {
        if (transfer.is_clean()) connections_.give_back(std::move(client));
        return replies;
    }

    Connections& connections_;
    HeldMessage message_;
    Sender sender_;
    std::vector<Recipient> recipients_;
};

}  // namespace

Connections::Connections(Endpoint endpoint, std::string name, std::chrono::milliseconds step)
    : endpoint_(std::move(endpoint)), name_(std::move(name)), step_(step) {}

std::optional<Client> Connections::take_kept() {
    const std::lock_guard guard{mutex_};
    while (!kept_.empty()) {
        Client client = std::move(kept_.back().client);
        kept_.pop_back();
        if (!client.is_stale()) return client;
    }
    return std::nullopt;
}

Result<Client> Connections::connect(Deadline deadline) {
    auto client = Client::connect(endpoint_, name_, step_, deadline);
    if (!client) return client;
    const std::lock_guard guard{mutex_};
    capabilities_ = client->capabilities();
    return client;
}

void Connections::give_back(Client client) {
    const std::lock_guard guard{mutex_};
    if (kept_.size() >= max_idle_connections) return client.say_goodbye();
    kept_.push_back({std::move(client), std::chrono::steady_clock::now()});
}

void Connections::close_idle() {
    const std::lock_guard guard{mutex_};
    const auto limit = std::chrono::steady_clock::now() - idle_connection_time;
    std::erase_if(kept_, [&](Kept& kept) {
        const bool old = kept.since < limit || kept.client.is_stale();
        if (old) kept.client.say_goodbye();
        return old;
    });
}

Capabilities Connections::capabilities() const {
    const std::lock_guard guard{mutex_};
    return capabilities_;
}

Result<void> LmtpHop::probe() {
    auto client = connections_.connect(std::chrono::steady_clock::now() + connect_timeout);
    if (!client) return client.error();
    connections_.give_back(std::move(*client));
    return {};
}

Offer LmtpHop::offer() const {
    const auto capabilities = connections_.capabilities();
    return {capabilities.size_limit, capabilities.dsn, capabilities.xforward};
}

/// Without a connection so far nothing is known, and its own answer counts later.
Reply LmtpHop::judge(const Sender&, const Recipient&, const Address&) const {
    return {250, "2.1.5", "Ok", {}};
}

bool LmtpHop::has_room_for(std::uint64_t octets) const {
    const auto limit = connections_.capabilities().size_limit;
    return limit == 0 || octets <= limit;
}

Result<std::unique_ptr<Delivery>> LmtpHop::open(const Sender& sender,
                                                std::vector<Destination> destinations,
                                                TextOrigin origin) {
    auto message = HeldMessage::create(context_, budget_, origin);
    if (!message) return message.error();
    return std::unique_ptr<Delivery>{std::make_unique<HopDelivery>(
        connections_, std::move(*message), sender, std::move(destinations))};
}

}  // namespace maildircrypt::lmtp
