/// One message on its way to its recipients: a copy for each kind of treatment, fed from one
/// stream.
#pragma once

#include "pipe/lmtp_copy.hpp"
#include "pipe/lmtp_guard.hpp"
#include "pipe/lmtp_held_header.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt::lmtp {

/// Each recipient with keys gets a copy sealed to them alone; those whose mail passes with the same
/// octets share one. Blocks. One thread at a time. Destroyed before deliver() it leaves nothing
/// behind.
class Transaction {
public:
    /// `guard` outlives the object. `id` is for the log.
    Transaction(const Guard& guard, std::string id, Sender sender, std::vector<Treated> recipients);

    /// A piece of the message. A fault concerns the copy that has it; it shows in deliver().
    void write(std::string_view piece);
    /// The message is complete: one reply for each recipient, in their order.
    std::vector<Reply> deliver(Deadline deadline);

private:
    void begin();
    void open_copies();
    void open_sealed(std::size_t recipient);
    void open_shared(const Copy::Group& group);
    Result<std::unique_ptr<Delivery>> open_delivery(const Copy::Group& group, TextOrigin origin);
    void feed_all(std::string_view piece);
    void feed(std::unique_ptr<Copy>& copy, std::string_view piece);
    void deliver_copy(Copy& copy, Deadline deadline, Copy::Group& originals);
    void deliver_originals(const Copy::Group& group, Deadline deadline);
    void take_replies(const Copy::Group& group, std::vector<Reply> replies, const std::string& as);
    void fail(const Copy::Group& group, const std::string& step, const Error& error);

    const Guard& guard_;
    const std::string id_;
    const Sender sender_;
    const std::vector<Treated> recipients_;
    std::vector<std::optional<Reply>> replies_;
    std::vector<std::unique_ptr<Copy>> copies_;  ///< a null pointer where one has failed
    SealedCopy* keeper_ = nullptr;  ///< one of copies_, whose sealer keeps the original for all
    HeldHeader header_;
    std::uint64_t size_ = 0;
    bool begun_ = false;  ///< the header is over, the copies are open
    bool given_up_ = false;
};

}  // namespace maildircrypt::lmtp
