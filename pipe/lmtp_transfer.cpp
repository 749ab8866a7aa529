#include "pipe/lmtp_transfer.hpp"

#include "pipe/lmtp_dots.hpp"
#include "pipe/lmtp_limits.hpp"

#include <algorithm>
#include <utility>

namespace maildircrypt::lmtp {
namespace {

constexpr int accepted = 250;
constexpr int send_content_now = 354;
constexpr int service_closing = 421;

}  // namespace

Transfer::Transfer(Client& client, const Sender& sender, const std::vector<Recipient>& recipients,
                   const HeldMessage& message, Deadline deadline)
    : client_(client),
      sender_(sender),
      recipients_(recipients),
      message_(message),
      deadline_(deadline),
      replies_(recipients.size()) {}

std::vector<Reply> Transfer::run() {
    const auto done = transact();
    clean_ = done && !client_.is_closing();
    if (!done) answer_waiting(next_hop_away("4.4.2", "Lost the next hop", done.error().what));
    std::vector<Reply> replies;
    for (auto& reply : replies_)
        replies.push_back(reply ? std::move(*reply) : try_later("The next hop gave no verdict"));
    return replies;
}

Result<void> Transfer::transact() {
    if (!fits()) {
        answer_waiting(
            {552, "5.3.4", "The sealed message is larger than the mailbox server takes", {}});
        heard_ = true;
        return {};
    }
    auto done = send_trace();
    if (done) done = send_envelope();
    if (!done) return done;
    if (waiting().empty()) return reset();
    const auto sent = send_content();
    if (!sent) return sent.error();
    return *sent ? read_verdicts() : reset();
}

/// The next hop's word about the connection is not yet one about the mail.
Result<Reply> Transfer::take(Result<Reply> reply) {
    if (reply && reply->code != service_closing) heard_ = true;
    return reply;
}

bool Transfer::fits() {
    const auto limit = client_.capabilities().size_limit;
    return limit == 0 || message_.size() <= limit;
}

/// Attributes that the next hop refuses are only a trace: the mail goes on without them.
Result<void> Transfer::send_trace() {
    const auto& offered = client_.capabilities().xforward;
    std::string line = "XFORWARD";
    for (const auto& [name, value] : sender_.xforward) {
        if (std::find(offered.begin(), offered.end(), name) != offered.end())
            line += ' ' + name + '=' + value;
    }
    if (line == "XFORWARD") return {};
    auto reply = take(client_.command(line, deadline_));
    return reply ? Result<void>{} : reply.error();
}

std::string Transfer::mail_command() const {
    const auto& offered = client_.capabilities();
    std::string line = "MAIL FROM:" + sender_.path;
    if (offered.size) line += " SIZE=" + std::to_string(message_.size());
    if (offered.smtputf8 && sender_.smtputf8) line += " SMTPUTF8";
    for (const auto& [name, value] : sender_.kept) {
        if (name == "BODY" ? offered.eight_bit : offered.dsn) line += ' ' + name + '=' + value;
    }
    return line;
}

std::string Transfer::recipient_command(const Recipient& recipient) const {
    std::string line = "RCPT TO:" + recipient.path;
    if (!client_.capabilities().dsn) return line;
    for (const auto& [name, value] : recipient.kept) line += ' ' + name + '=' + value;
    return line;
}

/// With PIPELINING a window of commands is sent before their replies are read: never so many that
/// both sides wait for each other to read.
Result<void> Transfer::send_envelope() {
    const bool pipelining = client_.capabilities().pipelining;
    const std::size_t window = pipelining ? pipeline_window : 1;
    client_.add_command(mail_command());
    bool mail_pending = true;
    for (std::size_t first = 0; first < recipients_.size(); first += window) {
        const std::size_t count = std::min(window, recipients_.size() - first);
        if (mail_pending && !pipelining) {
            if (auto sent = client_.flush(deadline_); !sent) return sent;
        } else {
            for (std::size_t i = first; i < first + count; ++i)
                client_.add_command(recipient_command(recipients_[i]));
            if (auto sent = client_.flush(deadline_); !sent) return sent;
        }
        if (std::exchange(mail_pending, false)) {
            auto reply = take(client_.read_reply(deadline_));
            if (!reply) return reply.error();
            if (!reply->accepts()) answer_waiting(hand_back(*reply));
            if (reply->code == service_closing) return retry("the next hop is closing");
            if (!pipelining) {
                if (!reply->accepts()) return {};
                client_.add_command(recipient_command(recipients_[first]));
                if (auto sent = client_.flush(deadline_); !sent) return sent;
            }
        }
        if (auto read = read_recipient_replies(first, count); !read) return read;
    }
    return {};
}

Result<void> Transfer::read_recipient_replies(std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
        auto reply = take(client_.read_reply(deadline_));
        if (!reply) return reply.error();
        if (!reply->accepts() && !replies_[i]) replies_[i] = hand_back(*reply);
    }
    return {};
}

std::vector<std::size_t> Transfer::waiting() const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < replies_.size(); ++i) {
        if (!replies_[i]) found.push_back(i);
    }
    return found;
}

void Transfer::answer_waiting(const Reply& reply) {
    for (auto& answer : replies_) {
        if (!answer) answer = reply;
    }
}

/// False when the next hop wants no content, and said so for everybody.
Result<bool> Transfer::send_content() {
    if (client_.capabilities().chunking) {
        auto sent = send_chunk();
        return sent ? Result<bool>{true} : sent.error();
    }
    auto reply = take(client_.command("DATA", deadline_));
    if (!reply) return reply.error();
    if (reply->code != send_content_now) {
        // 2xx instead of 354 is out of turn; the class decides about the rest.
        answer_waiting(reply->accepts() ? next_hop_away("4.5.0", "The next hop answers out of turn")
                                        : hand_back(*reply));
        return false;
    }
    auto sent = send_data();
    return sent ? Result<bool>{true} : sent.error();
}

Result<void> Transfer::send_chunk() {
    client_.add_command("BDAT " + std::to_string(message_.size()) + " LAST");
    Client::Content content{client_, deadline_};
    auto sent = message_.read_to(content);
    return sent ? client_.flush_content(deadline_) : sent;
}

Result<void> Transfer::send_data() {
    Client::Content content{client_, deadline_};
    DotAdder dots{content};
    auto sent = message_.read_to(dots);
    if (sent) sent = dots.finish();
    return sent ? client_.flush_content(deadline_) : sent;
}

Result<void> Transfer::read_verdicts() {
    for (const std::size_t i : waiting()) {
        auto reply = take(client_.read_reply(deadline_));
        if (!reply) return reply.error();
        const bool odd = reply->accepts() && reply->code != accepted;
        replies_[i] =
            odd ? next_hop_away("4.5.0", "The next hop answers out of turn") : hand_back(*reply);
    }
    return {};
}

Result<void> Transfer::reset() {
    auto reply = client_.command("RSET", deadline_);
    if (!reply) return retry("RSET: " + reply.error().what);
    return reply->accepts() ? Result<void>{} : retry("the next hop refuses RSET");
}

}  // namespace maildircrypt::lmtp
