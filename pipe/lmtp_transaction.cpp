#include "pipe/lmtp_transaction.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace maildircrypt::lmtp {
namespace {

bool share_a_copy(const Treated& a, const Treated& b) {
    return a.treatment == b.treatment && a.keys.state == b.keys.state;
}

}  // namespace

Transaction::Transaction(const Guard& guard, std::string id, Sender sender,
                         std::vector<Treated> recipients)
    : guard_(guard),
      id_(std::move(id)),
      sender_(std::move(sender)),
      recipients_(std::move(recipients)),
      replies_(recipients_.size()),
      header_(guard.headers) {}

void Transaction::write(std::string_view piece) {
    size_ += piece.size();
    if (given_up_) return;
    if (begun_) return feed_all(piece);
    if (auto held = header_.write(piece); !held) {
        given_up_ = true;
        Copy::Group everybody(recipients_.size());
        std::iota(everybody.begin(), everybody.end(), std::size_t{0});
        return fail(everybody, "header", held.error());
    }
    if (header_.is_whole()) begin();
}

void Transaction::begin() {
    begun_ = true;
    open_copies();
    feed_all(header_.text());
    header_.release();
}

void Transaction::feed_all(std::string_view piece) {
    for (auto& copy : copies_) feed(copy, piece);
}

void Transaction::open_copies() {
    std::vector<Copy::Group> shared;
    for (std::size_t i = 0; i < recipients_.size(); ++i) {
        if (recipients_[i].treatment == Treatment::seal) {
            open_sealed(i);
            continue;
        }
        const auto group = std::find_if(shared.begin(), shared.end(), [&](const auto& members) {
            return share_a_copy(recipients_[members.front()], recipients_[i]);
        });
        if (group == shared.end())
            shared.push_back({i});
        else
            group->push_back(i);
    }
    for (const auto& group : shared) open_shared(group);
}

Result<std::unique_ptr<Delivery>> Transaction::open_delivery(const Copy::Group& group,
                                                             TextOrigin origin) {
    std::vector<Destination> destinations;
    for (const std::size_t i : group) destinations.push_back(recipients_[i].destination);
    return guard_.next.open(sender_, std::move(destinations), origin);
}

void Transaction::open_sealed(std::size_t recipient) {
    auto delivery = open_delivery({recipient}, TextOrigin::sealed);
    if (!delivery) return fail({recipient}, "open", delivery.error());
    const Treated& treated = recipients_[recipient];
    SealOptions options = guard_.seal.for_recipients(treated.asked);
    options.keep_original = keeper_ == nullptr;
    auto copy = std::make_unique<SealedCopy>(recipient, std::move(*delivery), guard_, treated.keys,
                                             std::move(options));
    if (keeper_ == nullptr) keeper_ = copy.get();
    copies_.push_back(std::move(copy));
}

/// Acts on the treatments that leave the text readable; nothing else gets here.
void Transaction::open_shared(const Copy::Group& group) {
    auto delivery = open_delivery(group, TextOrigin::as_it_is);
    if (!delivery) return fail(group, "open", delivery.error());
    const Treated& first = recipients_[group.front()];
    switch (first.treatment) {
        case Treatment::untouched:
            copies_.push_back(std::make_unique<UntouchedCopy>(group, std::move(*delivery)));
            return;
        case Treatment::pass_clear:
            copies_.push_back(
                std::make_unique<ClearCopy>(group, std::move(*delivery), guard_, first.keys.state));
            return;
        case Treatment::seal:
        case Treatment::defer:
        case Treatment::reject:
            break;
    }
    fail(group, "policy", retry("a treatment that shares no copy"));
}

void Transaction::feed(std::unique_ptr<Copy>& copy, std::string_view piece) {
    if (!copy || (copy->fault() && copy.get() != keeper_)) return;
    auto written = copy->write(piece);
    if (written) return;
    fail(copy->group(), "write", copy->fault() ? *copy->fault() : written.error());
    if (copy.get() == keeper_) keeper_ = nullptr;
    copy.reset();
}

std::vector<Reply> Transaction::deliver(Deadline deadline) {
    if (!begun_ && !given_up_) begin();
    Copy::Group originals;
    for (auto& copy : copies_) {
        if (!copy) continue;
        deliver_copy(*copy, deadline, originals);
        if (copy.get() != keeper_) copy.reset();  // gives back its memory while others go out
    }
    if (!originals.empty()) deliver_originals(originals, deadline);
    std::vector<Reply> replies;
    for (auto& reply : replies_)
        replies.push_back(reply ? std::move(*reply) : try_later("The message was not stored"));
    return replies;
}

void Transaction::deliver_copy(Copy& copy, Deadline deadline, Copy::Group& originals) {
    const auto end = copy.finish();
    if (!end && &copy == keeper_) keeper_ = nullptr;
    if (copy.fault()) return fail(copy.group(), "write", *copy.fault());
    if (!end) return fail(copy.group(), "finish", end.error());
    switch (*end) {
        case CopyEnd::deliver:
            return take_replies(copy.group(), copy.deliver(deadline), copy.as());
        case CopyEnd::replay:
            copy.discard();
            originals.insert(originals.end(), copy.group().begin(), copy.group().end());
            return;
    }
}

/// These all get the message as its sender encrypted it.
void Transaction::deliver_originals(const Copy::Group& group, Deadline deadline) {
    if (keeper_ == nullptr) return fail(group, "replay", retry("the original was not kept"));
    auto delivery = open_delivery(group, TextOrigin::as_it_is);
    if (!delivery) return fail(group, "open", delivery.error());
    if (auto replayed = keeper_->replay_original(**delivery); !replayed)
        return fail(group, "replay", replayed.error());
    take_replies(group, (*delivery)->deliver(deadline), "already-encrypted");
}

void Transaction::take_replies(const Copy::Group& group, std::vector<Reply> replies,
                               const std::string& as) {
    replies.resize(group.size(), try_later("The next hop gave no verdict"));
    for (std::size_t n = 0; n < group.size(); ++n) {
        Reply& reply = replies[n];
        const std::string& recipient = recipients_[group[n]].destination.envelope.path;
        const std::string answer = std::to_string(reply.code) + ' ' + reply.enhanced;
        const bool stored = reply.accepts();
        if (stored)
            guard_.log.event(LogLevel::info, "delivered",
                             {{"session", id_},
                              {"sender", sender_.path},
                              {"recipient", recipient},
                              {"as", as},
                              {"size", std::to_string(size_)},
                              {"reply", answer}});
        else
            guard_.log.event(LogLevel::warning, "not_delivered",
                             {{"session", id_},
                              {"sender", sender_.path},
                              {"recipient", recipient},
                              {"as", as},
                              {"reply", answer},
                              {"why", reply.cause.empty() ? reply.text : reply.cause}});
        const Treated& treated = recipients_[group[n]];
        if (stored && treated.treatment == Treatment::pass_clear && guard_.passed_in_clear)
            guard_.passed_in_clear(treated.destination.address, treated.keys.state);
        if (stored) reply.text += " (" + id_ + ')';
        replies_[group[n]] = std::move(reply);
    }
}

void Transaction::fail(const Copy::Group& group, const std::string& step, const Error& error) {
    for (const std::size_t i : group) {
        guard_.log.event(LogLevel::error, "not_delivered",
                         {{"session", id_},
                          {"sender", sender_.path},
                          {"recipient", recipients_[i].destination.envelope.path},
                          {"step", step},
                          {"why", error.what}});
        replies_[i] = try_later("The message could not be stored now");
    }
}

}  // namespace maildircrypt::lmtp
