#include "pipe/delivery.hpp"

#include "base/fd.hpp"
#include "base/secret.hpp"
#include "keyd/client.hpp"
#include "pipe/control.hpp"
#include "pipe/filter_output.hpp"
#include "pipe/maildir.hpp"
#include "pipe/maildir_message.hpp"
#include "pipe/mbox_line.hpp"
#include "pipe/recipient_policy.hpp"
#include "seal/clear_passage.hpp"
#include "seal/sealer.hpp"
#include "seal/untouched_passage.hpp"

#include <cstddef>
#include <ctime>
#include <utility>

#include <unistd.h>

namespace maildircrypt {
namespace {

/// Octets; small, for the reason in maildir_message.cpp.
constexpr std::size_t read_size = 16 * 1024;
constexpr std::size_t spill_memory = 2 * 1024 * 1024;

constexpr std::string_view bad_address_line =
    "4.1.3 The recipient's address names no mailbox that mail can be stored in";

/// Lets everything with a write() stand where a Sink is asked for.
template <class Target>
class SinkInto : public Sink {
public:
    explicit SinkInto(Target& target) : target_(target) {}
    Result<void> write(std::string_view piece) override { return target_.write(piece); }

private:
    Target& target_;
};

std::int64_t monotonic_nanoseconds() {
    constexpr std::int64_t per_second = 1'000'000'000;
    timespec time{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * per_second + time.tv_nsec;
}

}  // namespace

Delivery::Delivery(PipeOptions options, ControlChannel& channel, const Log& log)
    : options_(std::move(options)),
      channel_(channel),
      log_(log),
      spill_budget_(spill_memory, options_.spill_directory) {}

Conclusion Delivery::run() {
    const auto address = Address::parse(options_.recipient);
    if (!address) return deferred("recipient", address.error(), bad_address_line);
    if (options_.maildir) {
        auto path = options_.maildir->expand(*address, options_.names.delimiter);
        if (!path) return deferred("maildir", path.error(), bad_address_line);
        maildir_ = std::move(*path);
    }
    KeyClient keyd{options_.keyd_socket, lookup_deadline, options_.store_id};
    const auto decided =
        decide_recipient([&keyd](const Address& asked) { return keyd.lookup(asked); },
                         options_.policy, options_.names, *address);
    if (!decided) {
        const bool no_mailbox = decided.error().fate == Fate::refuse;
        return deferred("lookup", decided.error(), no_mailbox ? bad_address_line : deferred_line);
    }
    options_.seal = options_.seal.for_recipients(decided->asked);
    Conclusion conclusion = act(decided->treatment, decided->keys);
    if (decided->treatment == Treatment::pass_clear && conclusion.status == exit_delivered)
        keyd.report_clear(*address, decided->keys.state, log_);
    return conclusion;
}

Conclusion Delivery::act(Treatment treatment, const RecipientKeys& keys) {
    switch (treatment) {
        case Treatment::untouched:
            return deliver([&](MessageStore& store) { return pass_untouched(store); });
        case Treatment::seal:
            return deliver([&](MessageStore& store) { return seal(keys, store); });
        case Treatment::pass_clear:
            return deliver([&](MessageStore& store) { return pass_clear(keys.state, store); });
        case Treatment::defer:
            return refused_by_policy(exit_deferred, "4.7.1", keys.state);
        case Treatment::reject:
            return refused_by_policy(exit_rejected, "5.7.1", keys.state);
    }
    return deferred("policy", retry("unknown treatment"), deferred_line);
}

Conclusion Delivery::deliver(const Writer& writer) {
    auto store = open_store();
    if (!store) return deferred("open", store.error(), deferred_line);
    auto outcome = writer(**store);
    if (!outcome) return deferred("write", outcome.error(), deferred_line);
    if (auto finished = finish(**store); !finished)
        return deferred("finish", finished.error(), deferred_line);
    log_delivered(*outcome, (*store)->size());
    return {exit_delivered, {}};
}

Result<std::unique_ptr<MessageStore>> Delivery::open_store() {
    std::unique_ptr<MessageStore> store;
    if (maildir_) {
        auto maildir = Maildir::open(*maildir_);
        if (!maildir) return maildir.error();
        store = std::make_unique<MaildirMessage>(std::move(*maildir), options_.seal.host);
    } else {
        auto context = crypto();
        if (!context) return context.error();
        store = std::make_unique<FilterOutput>(**context, spill_budget_, channel_.output());
    }
    if (auto begun = store->begin(); !begun) return begun.error();
    return store;
}

Result<std::string> Delivery::seal(const RecipientKeys& keys, MessageStore& store) {
    auto context = crypto();
    if (!context) return context.error();
    Sealer sealer{**context, {keys}, options_.seal, spill_budget_, store};
    SinkInto sink{sealer};
    if (auto read = read_message(sink); !read) return read.error();
    auto outcome = sealer.finish();
    if (!outcome) return outcome.error();
    switch (*outcome) {
        case SealOutcome::sealed:
            return std::string{"sealed"};
        case SealOutcome::already_encrypted: {
            auto replayed = store.begin();
            if (replayed) replayed = sealer.replay_original(store);
            if (!replayed) return replayed.error();
            return std::string{"already-encrypted"};
        }
    }
    return retry("sealing: unknown outcome");
}

Result<std::string> Delivery::pass_clear(KeyState state, MessageStore& store) {
    ClearPassage passage{options_.seal.host, std::string{token_of(state)}, options_.seal.line_end,
                         store};
    SinkInto sink{passage};
    auto read = read_message(sink);
    if (read) read = passage.finish();
    if (!read) return read.error();
    return "clear:" + std::string{token_of(state)};
}

Result<std::string> Delivery::pass_untouched(MessageStore& store) {
    UntouchedPassage passage{store};
    SinkInto sink{passage};
    if (auto read = read_message(sink); !read) return read.error();
    return std::string{"untouched"};
}

/// A clean end may still be a killed MTA: the supervisor finds out before the commit.
Result<void> Delivery::read_message(Sink& sink) {
    MboxLineRemover remover{sink};
    SecretText buffer(read_size);
    for (;;) {
        if (auto waited = channel_.wait_for_input(STDIN_FILENO); !waited) return waited;
        auto count = read_some(STDIN_FILENO, buffer, "read the message");
        if (!count) return count.error();
        if (*count == 0) break;
        if (auto written = remover.write({buffer.data(), *count}); !written) return written;
    }
    input_end_ = monotonic_nanoseconds();
    return remover.finish();
}

/// The two steps of the commit, as pipe/control.hpp has them.
Result<void> Delivery::finish(MessageStore& store) {
    auto done = store.complete();
    if (done) done = channel_.report(std::string{control_synced} + std::to_string(input_end_));
    if (done) done = channel_.wait_for_go();
    if (done) done = store.commit();
    if (done) done = channel_.report(control_delivered);
    return done;
}

Result<const CryptoContext*> Delivery::crypto() {
    if (!crypto_) {
        auto context = CryptoContext::create();
        if (!context) return context.error();
        crypto_ = std::move(*context);
    }
    return &*crypto_;
}

Conclusion Delivery::deferred(std::string_view step, const Error& error,
                              std::string_view line) const {
    log_.event(LogLevel::error, "deferred",
               {{"queue_id", options_.queue_id},
                {"recipient", options_.recipient},
                {"step", std::string{step}},
                {"why", error.what}});
    return {exit_deferred, std::string{line}};
}

Conclusion Delivery::refused_by_policy(int status, std::string_view code, KeyState state) const {
    log_.event(LogLevel::warning,
               status == exit_rejected ? "rejected_by_policy" : "deferred_by_policy",
               {{"queue_id", options_.queue_id},
                {"recipient", options_.recipient},
                {"key", std::string{token_of(state)}}});
    return {status, std::string{code} + " Not stored: " + std::string{explain(state)}};
}

void Delivery::log_delivered(const std::string& outcome, std::uint64_t size) const {
    log_.event(LogLevel::info, "delivered",
               {{"queue_id", options_.queue_id},
                {"sender", options_.sender},
                {"recipient", options_.recipient},
                {"as", outcome},
                {"size", std::to_string(size)}});
}

}  // namespace maildircrypt
