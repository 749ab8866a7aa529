/// The server's side of an LMTP connection (RFC 2033): octets in, replies and events out. Knows no
/// socket.
#pragma once

#include "pipe/lmtp_command.hpp"
#include "pipe/lmtp_dots.hpp"
#include "pipe/lmtp_parameters.hpp"
#include "pipe/lmtp_reply.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt::lmtp {

struct Recipient {
    std::string path;             ///< with its angle brackets, as the peer wrote it
    std::vector<Parameter> kept;  ///< ORCPT and NOTIFY, for the next hop
};

/// The caller feeds octets to next() and acts on each event before the following call. Replies
/// gather in take_replies(). Not thread-safe; one per connection.
class Session {
public:
    enum class Event {
        need_input,  ///< everything is consumed
        replied,     ///< a reply was added: a chance to write before more of them gather
        recipient,   ///< candidate() wants answer_recipient()
        begin,       ///< a message to recipients() begins
        content,     ///< content() is a piece of it
        end,         ///< it is complete and wants answer_message()
        abandoned,   ///< forget the recipients so far, and the message if one has begun
        close,       ///< write the replies, then close
    };

    /// `name` is this host's, for replies.
    Session(std::string name, Offer offer);

    Event next(std::string_view& input);

    const Sender& sender() const { return sender_; }
    const Recipient& candidate() const { return candidate_; }
    const std::vector<Recipient>& recipients() const { return recipients_; }
    /// A view into the input or a constant: valid until the next call.
    std::string_view content() const { return content_; }

    /// A reply that accepts puts the candidate among recipients().
    void answer_recipient(const Reply& reply);
    /// One reply for each of recipients(), in their order. Ends the transaction.
    void answer_message(std::span<const Reply> replies);
    /// The replies since the last call.
    std::string take_replies();
    std::size_t pending_replies() const { return replies_.size(); }

    /// The first part of a command line is here.
    bool has_partial_line() const { return mode_ == Mode::command && !line_.empty(); }
    /// Content has begun and waits for its end.
    bool in_message() const { return in_message_ || mode_ == Mode::data || mode_ == Mode::chunk; }
    /// Says 421 and closes: at a limit, at a stop.
    void dismiss(std::string_view why);

private:
    enum class Mode { command, data, chunk, closed };

    Event read_command(std::string_view& input);
    Event read_data(std::string_view& input);
    Event read_chunk(std::string_view& input);
    Event take_line();
    Event obey(const Command& command);
    Event greet(std::string_view argument);
    Event take_sender(std::string_view argument);
    Event take_recipient(std::string_view argument);
    Event start_data(std::string_view argument);
    Event start_chunk(std::string_view argument);
    Event take_xforward(std::string_view argument);
    Event take_content(std::string_view content);
    Event end_chunk();
    Event end_message();
    Event reset();
    Event reply(int code, std::string_view enhanced, std::string_view text);
    Event bad(int code, std::string_view enhanced, std::string_view text);
    void end_transaction();

    const std::string name_;
    const Offer offer_;

    Mode mode_ = Mode::command;
    std::string replies_;
    std::string line_;
    bool line_too_long_ = false;
    int bad_commands_ = 0;
    bool greeted_ = false;

    bool has_sender_ = false;
    Sender sender_;
    std::vector<Parameter> xforward_;
    Recipient candidate_;
    std::vector<Recipient> recipients_;

    DotRemover dots_;
    Chunk chunk_;
    std::uint64_t chunk_left_ = 0;
    bool chunk_refused_ = false;     ///< swallow it, then say 503
    bool chunking_ = false;          ///< a BDAT was accepted in this transaction
    bool in_message_ = false;        ///< begin was said, end or abandoned was not
    std::optional<Reply> overflow_;  ///< why the rest of the message is swallowed
    std::uint64_t size_ = 0;
    std::string_view content_;
};

}  // namespace maildircrypt::lmtp
