/// One connection of the LMTP server: a socket, a session, at most one job that blocks.
#pragma once

#include "base/fd.hpp"
#include "base/secret.hpp"
#include "pipe/lmtp_guard.hpp"
#include "pipe/lmtp_session.hpp"
#include "pipe/lmtp_transaction.hpp"
#include "pipe/lmtp_workers.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace maildircrypt::lmtp {

/// What a connection needs of its server. Outlives it.
struct ConnectionContext {
    boost::asio::io_context& io;
    Workers& workers;
    const Guard& guard;
    std::string name;  ///< of this host
    std::uint64_t size_limit;
    std::chrono::seconds idle_time;
};

/// Lives as long as something of it is under way. Everything but the jobs runs on the one thread of
/// io_context, so nothing is locked: a job has the transaction to itself until it is over. The next
/// octets are read only when all before them were acted on and all replies were written: a peer
/// that does not read, or sends without end, makes nothing grow.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    /// `closed` is called once, at the very end, on the thread of io_context.
    Connection(const ConnectionContext& context, Fd socket, std::string id,
               std::function<void()> closed);
    ~Connection();

    void start();
    /// Lets a message in flight come to its end; then, or at once, 421.
    void stop();
    /// Closes now. A job that runs comes to its end.
    void cut();

private:
    using Step = void (Connection::*)();

    void pump();
    bool act(Session::Event event);
    bool need_input();
    void read();
    void write_replies(Step then);
    void close();
    void lose(const char* why);
    void guard_time(std::chrono::steady_clock::time_point end);
    void end_job(const std::function<void()>& then);
    void job(std::function<void()> work, std::function<void()> then);
    bool judge_candidate();
    void begin_message();
    void feed();
    void deliver();
    void forget_recipients();
    void drop_transaction();
    void wipe_buffers();

    const ConnectionContext& context_;
    boost::asio::posix::stream_descriptor socket_;
    boost::asio::steady_timer timer_;
    const std::string id_;
    std::function<void()> closed_;

    Session session_;
    SecretText buffer_;
    std::string_view input_;  ///< the unused part of buffer_
    std::string output_;      ///< being written
    SecretText pending_;      ///< content for the next job
    std::chrono::steady_clock::time_point message_started_;
    std::chrono::steady_clock::time_point wait_started_;  ///< for a command or a piece of content
    unsigned transactions_ = 0;
    std::vector<Treated> treated_;
    bool lookup_failed_ = false;
    std::shared_ptr<Transaction> transaction_;
    bool stopping_ = false;
    bool reading_ = false;
    bool busy_ = false;  ///< a job runs
};

}  // namespace maildircrypt::lmtp
