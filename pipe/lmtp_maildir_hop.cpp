#include "pipe/lmtp_maildir_hop.hpp"

#include "pipe/maildir.hpp"
#include "pipe/maildir_message.hpp"
#include "seal/maildir_lines.hpp"

#include <optional>
#include <utility>

namespace maildircrypt::lmtp {
namespace {

/// One file in one Maildir, and its reply.
class Mailbox {
public:
    Mailbox(Result<Maildir> maildir, const std::string& host) {
        if (maildir) {
            message_ = std::make_unique<MaildirMessage>(std::move(*maildir), host);
            (void)note(message_->begin());
        } else {
            fail(maildir.error());
        }
    }

    Result<void> header(const OuterHeader& header) {
        return note(message_ ? message_->header(header) : Result<void>{});
    }
    Result<void> body(Deliverable piece) {
        return note(message_ ? message_->body(piece) : Result<void>{});
    }
    bool failed() const { return message_ == nullptr; }
    const Error& error() const { return *error_; }

    Reply deliver(Deadline deadline) {
        if (message_ && std::chrono::steady_clock::now() > deadline)
            fail(retry("the delivery took too long"));
        if (message_) (void)note(message_->complete());
        if (message_) (void)note(message_->commit());
        if (!message_) return try_later("The message could not be stored now", error_->what);
        return {250, "2.0.0", "Stored", {}};
    }

private:
    Result<void> note(Result<void> result) {
        if (!result) fail(result.error());
        return result;
    }
    void fail(const Error& error) {
        error_ = error;
        message_.reset();  // removes the file in tmp/
    }

    std::unique_ptr<MaildirMessage> message_;
    std::optional<Error> error_;
};

/// The same octets into several Maildirs. A fault of one leaves the others alone.
class Mailboxes : public MessageOutput {
public:
    void add(Mailbox mailbox) { mailboxes_.push_back(std::move(mailbox)); }

    Result<void> header(const OuterHeader& header) override {
        for (auto& mailbox : mailboxes_) (void)mailbox.header(header);
        return state();
    }
    Result<void> body(Deliverable piece) override {
        for (auto& mailbox : mailboxes_) (void)mailbox.body(piece);
        return state();
    }
    std::vector<Reply> deliver(Deadline deadline) {
        std::vector<Reply> replies;
        for (auto& mailbox : mailboxes_) replies.push_back(mailbox.deliver(deadline));
        return replies;
    }
    /// An error when nothing is left to write to.
    Result<void> state() const {
        for (const auto& mailbox : mailboxes_) {
            if (!mailbox.failed()) return {};
        }
        return mailboxes_.empty() ? retry("no mailbox") : mailboxes_.front().error();
    }

private:
    std::vector<Mailbox> mailboxes_;
};

class MaildirDelivery : public Delivery {
public:
    MaildirDelivery(Mailboxes mailboxes, TextOrigin origin)
        : mailboxes_(std::move(mailboxes)), origin_(origin) {}

    Result<void> header(const OuterHeader& header) override { return target().header(header); }
    Result<void> body(Deliverable piece) override { return target().body(piece); }
    std::vector<Reply> deliver(Deadline deadline) override {
        (void)lines_.finish();  // a failure stands in the mailboxes
        return mailboxes_.deliver(deadline);
    }

private:
    MessageOutput& target() {
        return origin_ == TextOrigin::as_it_is ? static_cast<MessageOutput&>(lines_) : mailboxes_;
    }

    Mailboxes mailboxes_;
    MaildirLines lines_{mailboxes_};
    TextOrigin origin_;
};

}  // namespace

Reply MaildirHop::judge(const Sender&, const Recipient&, const Address& address) const {
    const auto path = path_.expand(address, delimiter_);
    if (path) return {250, "2.1.5", "Ok", {}};
    return {451, "4.1.3", std::string{no_mailbox}, path.error().what};
}

Result<std::unique_ptr<Delivery>> MaildirHop::open(const Sender&,
                                                   std::vector<Destination> destinations,
                                                   TextOrigin origin) {
    Mailboxes mailboxes;
    for (const auto& destination : destinations) {
        const auto path = path_.expand(destination.address, delimiter_);
        mailboxes.add(Mailbox{path ? Maildir::open(*path) : path.error(), host_});
    }
    if (auto state = mailboxes.state(); !state) return state.error();
    return std::unique_ptr<Delivery>{
        std::make_unique<MaildirDelivery>(std::move(mailboxes), origin)};
}

}  // namespace maildircrypt::lmtp
