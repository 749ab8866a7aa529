/// One delivery: whom the message is for, what policy says, and the store it goes to.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/sink.hpp"
#include "base/spill.hpp"
#include "pipe/control_channel.hpp"
#include "pipe/message_store.hpp"
#include "pipe/worker_options.hpp"
#include "seal/address.hpp"
#include "seal/crypto_context.hpp"
#include "seal/key_plan.hpp"
#include "seal/policy.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace maildircrypt {

/// How the worker ends: an exit status of pipe/control.hpp and the status line for the sender.
struct Conclusion {
    int status;
    std::string line;  ///< empty when delivered
};

/// Reads standard input. Not thread-safe; runs once.
class Delivery {
public:
    /// `channel` and `log` outlive the delivery.
    Delivery(PipeOptions options, ControlChannel& channel, const Log& log);
    Conclusion run();

private:
    /// Reads the message into the store; returns what became of it, a word for the log.
    using Writer = std::function<Result<std::string>(MessageStore&)>;

    Conclusion act(Treatment treatment, const RecipientKeys& keys);
    Conclusion deliver(const Writer& writer);
    Result<std::unique_ptr<MessageStore>> open_store();
    Result<std::string> seal(const RecipientKeys& keys, MessageStore& store);
    Result<std::string> pass_clear(KeyState state, MessageStore& store);
    Result<std::string> pass_untouched(MessageStore& store);
    Result<void> read_message(Sink& sink);
    Result<void> finish(MessageStore& store);
    Result<const CryptoContext*> crypto();

    Conclusion deferred(std::string_view step, const Error& error, std::string_view line) const;
    Conclusion refused_by_policy(int status, std::string_view code, KeyState state) const;
    void log_delivered(const std::string& outcome, std::uint64_t size) const;

    PipeOptions options_;
    ControlChannel& channel_;
    const Log& log_;
    SpillBudget spill_budget_;
    std::optional<CryptoContext> crypto_;
    std::optional<MaildirPath> maildir_;
    std::int64_t input_end_ = 0;  ///< CLOCK_MONOTONIC in nanoseconds
};

}  // namespace maildircrypt
