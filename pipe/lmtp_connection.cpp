#include "pipe/lmtp_connection.hpp"

#include "pipe/lmtp_limits.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace maildircrypt::lmtp {
namespace {

using Clock = std::chrono::steady_clock;

Offer make_offer(const ConnectionContext& context) {
    Offer offer = context.guard.next.offer();
    const auto own = context.size_limit;
    if (own > 0 && (offer.size_limit == 0 || own < offer.size_limit)) offer.size_limit = own;
    return offer;
}

}  // namespace

Connection::Connection(const ConnectionContext& context, Fd socket, std::string id,
                       std::function<void()> closed)
    : context_(context),
      socket_(context.io, socket.release()),
      timer_(context.io),
      id_(std::move(id)),
      closed_(std::move(closed)),
      session_(context.name, make_offer(context)),
      buffer_(read_size) {}

Connection::~Connection() {
    closed_();
}

void Connection::start() {
    pump();
}

void Connection::stop() {
    stopping_ = true;
    // A pending read is the only place to wait for the peer between messages.
    if (reading_ && !session_.in_message()) socket_.cancel();
}

void Connection::cut() {
    stopping_ = true;
    close();
}

void Connection::close() {
    timer_.cancel();
    boost::system::error_code ignored;  // closed is closed
    socket_.close(ignored);
    if (!busy_) drop_transaction();
}

/// The peer went away or was too slow. Between messages that is its right.
void Connection::lose(const char* why) {
    if (session_.in_message())
        context_.guard.log.event(LogLevel::warning, "lost_peer", {{"session", id_}, {"why", why}});
    close();
}

void Connection::guard_time(Clock::time_point end) {
    if (session_.in_message()) end = std::min(end, message_started_ + message_deadline);
    timer_.expires_at(end);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error && Clock::now() >= self->timer_.expiry()) self->lose("timed out");
    });
}

/// Acts on what is in the buffer until it has to wait for something.
void Connection::pump() {
    while (socket_.is_open()) {
        if (session_.pending_replies() >= max_pending_replies)
            return write_replies(&Connection::pump);
        if (!act(session_.next(input_))) return;
    }
}

/// False when something is under way that calls pump() again.
bool Connection::act(Session::Event event) {
    switch (event) {
        case Session::Event::need_input:
            return need_input();
        case Session::Event::recipient:
            return judge_candidate();
        case Session::Event::end:
            deliver();
            return false;
        case Session::Event::close:
            write_replies(&Connection::close);
            return false;
        case Session::Event::replied:
            return true;
        case Session::Event::begin:
            begin_message();
            return true;
        case Session::Event::content:
            pending_.insert(pending_.end(), session_.content().begin(), session_.content().end());
            if (pending_.size() < job_size) return true;
            feed();
            return false;
        case Session::Event::abandoned:
            forget_recipients();
            drop_transaction();
            return true;
    }
    return false;
}

bool Connection::need_input() {
    if (session_.pending_replies() > 0) {
        write_replies(&Connection::pump);
    } else if (stopping_ && !session_.in_message()) {
        session_.dismiss("is shutting down");
        return true;
    } else {
        read();
    }
    return false;
}

/// A command line must be whole in time, however its octets trickle in.
void Connection::read() {
    if (!session_.has_partial_line()) wait_started_ = Clock::now();
    guard_time(wait_started_ + context_.idle_time);
    reading_ = true;
    socket_.async_read_some(
        boost::asio::buffer(buffer_),
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
            self->reading_ = false;
            if (error == boost::asio::error::operation_aborted && self->stopping_)
                return self->pump();
            if (error) return self->lose("closed its connection");
            self->input_ = {self->buffer_.data(), size};
            self->pump();
        });
}

void Connection::write_replies(Step then) {
    output_ = session_.take_replies();
    guard_time(Clock::now() + context_.idle_time);
    boost::asio::async_write(
        socket_, boost::asio::buffer(output_),
        [self = shared_from_this(), then](const boost::system::error_code& error, std::size_t) {
            self->output_.clear();
            if (error) return self->lose("takes no replies");
            ((*self).*then)();
        });
}

/// The peer is not waited for meanwhile. `then` runs on our thread, unless the connection was cut.
void Connection::job(std::function<void()> work, std::function<void()> then) {
    timer_.cancel();
    busy_ = true;
    context_.workers.run(
        [self = shared_from_this(), work = std::move(work), then = std::move(then)]() mutable {
            work();
            auto& io = self->context_.io;
            // The connection is handed over whole: it must not end on this thread.
            boost::asio::post(
                io, [self = std::move(self), then = std::move(then)] { self->end_job(then); });
        });
}

void Connection::end_job(const std::function<void()>& then) {
    busy_ = false;
    if (socket_.is_open())
        then();
    else
        drop_transaction();
}

/// When keyd did not answer about one recipient, the others of the message are put off unasked:
/// each of them might wait as long.
bool Connection::judge_candidate() {
    if (lookup_failed_) {
        session_.answer_recipient(try_later("Encryption is not available at the moment"));
        return true;
    }
    auto verdict = std::make_shared<std::optional<Verdict>>();
    job(
        [this, verdict] {
            verdict->emplace(judge(context_.guard, session_.sender(), session_.candidate(), id_));
        },
        [this, verdict] {
            lookup_failed_ = (*verdict)->lookup_failed;
            if ((*verdict)->treated) treated_.push_back(std::move(*(*verdict)->treated));
            session_.answer_recipient((*verdict)->reply);
            pump();
        });
    return false;
}

void Connection::forget_recipients() {
    treated_.clear();
    lookup_failed_ = false;
}

void Connection::begin_message() {
    if (treated_.size() != session_.recipients().size())
        throw std::logic_error("the session and the connection differ about the recipients");
    message_started_ = Clock::now();
    transaction_ =
        std::make_shared<Transaction>(context_.guard, id_ + '.' + std::to_string(++transactions_),
                                      session_.sender(), std::move(treated_));
    forget_recipients();
}

void Connection::feed() {
    job(
        [this] {
            transaction_->write({pending_.data(), pending_.size()});
        },
        [this] {
            pending_.clear();
            pump();
        });
}

void Connection::deliver() {
    auto replies = std::make_shared<std::vector<Reply>>();
    job(
        [this, replies] {
            if (!pending_.empty()) transaction_->write({pending_.data(), pending_.size()});
            *replies = transaction_->deliver(Clock::now() + delivery_deadline);
            transaction_.reset();
        },
        [this, replies] {
            wipe_buffers();
            session_.answer_message(*replies);
            pump();
        });
}

/// Between messages no plaintext stays.
void Connection::wipe_buffers() {
    pending_ = {};
    if (input_.empty()) buffer_ = SecretText(read_size);
}

/// Its end removes files: not on this thread.
void Connection::drop_transaction() {
    pending_.clear();
    if (!transaction_) return;
    context_.workers.run(
        [transaction = std::exchange(transaction_, {})]() mutable { transaction.reset(); });
}

}  // namespace maildircrypt::lmtp
