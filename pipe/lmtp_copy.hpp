/// One copy of a message: the same octets for everybody in its group.
#pragma once

#include "pipe/lmtp_guard.hpp"
#include "seal/clear_passage.hpp"
#include "seal/sealer.hpp"
#include "seal/untouched_passage.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt::lmtp {

/// What is to be done with a copy at its end.
enum class CopyEnd {
    deliver,  ///< what was written
    replay,   ///< its sender had encrypted the message: the original instead
};

/// Not thread-safe. A fault of the delivery does not stop the copy (its sealer may keep the
/// original for others): it shows in fault().
class Copy {
public:
    /// Indices of recipients.
    using Group = std::vector<std::size_t>;

    Copy(Group group, std::unique_ptr<Delivery> delivery)
        : group_(std::move(group)), output_(std::move(delivery)) {}
    virtual ~Copy() = default;
    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;

    virtual Result<void> write(std::string_view piece) = 0;
    virtual Result<CopyEnd> finish() = 0;
    virtual std::string as() const = 0;  ///< a word for the log

    const Group& group() const { return group_; }
    const std::optional<Error>& fault() const { return output_.fault(); }
    /// Precondition: no fault.
    std::vector<Reply> deliver(Deadline deadline) { return output_.deliver(deadline); }
    /// What was written is forgotten.
    void discard() { output_.discard(); }

protected:
    MessageOutput& output() { return output_; }

private:
    class Output : public MessageOutput {
    public:
        explicit Output(std::unique_ptr<Delivery> delivery) : delivery_(std::move(delivery)) {}
        Result<void> header(const OuterHeader& header) override {
            return note(delivery_ ? delivery_->header(header) : Result<void>{});
        }
        Result<void> body(Deliverable piece) override {
            return note(delivery_ ? delivery_->body(piece) : Result<void>{});
        }
        const std::optional<Error>& fault() const { return fault_; }
        std::vector<Reply> deliver(Deadline deadline) { return delivery_->deliver(deadline); }
        void discard() { delivery_.reset(); }

    private:
        Result<void> note(Result<void> result);

        std::unique_ptr<Delivery> delivery_;
        std::optional<Error> fault_;
    };

    Group group_;
    Output output_;
};

class SealedCopy : public Copy {
public:
    SealedCopy(std::size_t recipient, std::unique_ptr<Delivery> delivery, const Guard& guard,
               const RecipientKeys& keys, SealOptions options)
        : Copy({recipient}, std::move(delivery)),
          sealer_(guard.crypto, {keys}, std::move(options), guard.spill, output()) {}

    Result<void> write(std::string_view piece) override { return sealer_.write(piece); }
    Result<CopyEnd> finish() override;
    std::string as() const override { return "sealed"; }
    /// Only where keep_original was asked for. Any copy whose end is `replay` gets it from here:
    /// the message is the same for all.
    Result<void> replay_original(MessageOutput& output) { return sealer_.replay_original(output); }

private:
    Sealer sealer_;
};

class ClearCopy : public Copy {
public:
    ClearCopy(Group group, std::unique_ptr<Delivery> delivery, const Guard& guard, KeyState state)
        : Copy(std::move(group), std::move(delivery)),
          reason_(token_of(state)),
          passage_(guard.seal.host, reason_, LineEnd::crlf, output()) {}

    Result<void> write(std::string_view piece) override { return passage_.write(piece); }
    Result<CopyEnd> finish() override;
    std::string as() const override { return "clear:" + reason_; }

private:
    std::string reason_;
    ClearPassage passage_;
};

class UntouchedCopy : public Copy {
public:
    UntouchedCopy(Group group, std::unique_ptr<Delivery> delivery)
        : Copy(std::move(group), std::move(delivery)), passage_(output()) {}

    Result<void> write(std::string_view piece) override { return passage_.write(piece); }
    Result<CopyEnd> finish() override { return CopyEnd::deliver; }
    std::string as() const override { return "untouched"; }

private:
    UntouchedPassage passage_;
};

}  // namespace maildircrypt::lmtp
