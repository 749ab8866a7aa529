#include "keyd/http_server_connection.hpp"

#include "keyd/certificate.hpp"
#include "keyd/lease_field.hpp"

#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace maildircrypt {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::beast::iequals;

constexpr std::size_t read_ahead = 8 * 1024;  // octets, beyond the header
/// What a refused client may go on sending before we hang up on it.
constexpr std::size_t goodbye_octets = 2 * max_upload;
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

ApiReply busy() {
    return error_reply(503, "busy",
                       "Too many certificates are being checked; try again in a second.");
}

void render(const ApiReply& reply, bool keep, std::string& output) {
    output.clear();
    output.reserve(reply.body.size() + 160);
    output += "HTTP/1.1 ";
    output += std::to_string(reply.status);
    output += ' ';
    output += reason_of(reply.status);
    output += "\r\nContent-Type: ";
    output += reply.type;
    output += "\r\nContent-Length: ";
    output += std::to_string(reply.body.size());
    if (reply.status == 503) output += "\r\nRetry-After: 1";
    if (!keep) output += "\r\nConnection: close";
    if (reply.lease > std::chrono::seconds{0}) {
        output += "\r\n";
        output += lease_field;
        output += ": ";
        output += lease_text(reply.lease);
    }
    output += "\r\n\r\n";
    output += reply.body;
}

std::string_view as_view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

HttpConnection::HttpConnection(HttpServer& server, UnixAcceptor::Socket socket,
                               const Caller& caller)
    : server_(server),
      socket_(std::move(socket)),
      caller_(caller),
      buffer_(server.parts_.limits.header + read_ahead) {
    uid = caller.uid;
    privileged = caller.admin;
}

void HttpConnection::start() {
    entry_ = server_.parts_.table.add(shared_from_this());
    tabled_ = true;
    metrics().connection_opened();
    read_request();
}

void HttpConnection::abort() {
    ErrorCode ignored;  // nothing was promised to the peer
    // The end is to be seen at once, even while a child that was just forked holds a copy.
    socket_.shutdown(asio::socket_base::shutdown_both, ignored);
    socket_.close(ignored);
}

/// A reply that is under way is at the client's already, or soon will be; see reply().
void HttpConnection::recall_lease() {
    if (!leased_) return;
    keep_ = false;
    if (idle_) abort();
}

void HttpConnection::end() {
    abort();
    ticket_.reset();
    if (!tabled_) return;
    server_.parts_.table.remove(entry_);
    metrics().connection_closed();
    tabled_ = false;
}

void HttpConnection::wait_for_client(std::chrono::milliseconds limit) {
    // An aborted connection stays aborted: its pending operation is about to end it.
    deadline = std::chrono::steady_clock::now() + limit;
    waiting = socket_.is_open();
}

void HttpConnection::read_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_.parts_.limits.header));
    parser_->body_limit(max_upload);
    wait_for_client(server_.parts_.limits.request);
    idle_ = true;
    http::async_read_header(socket_, buffer_, *parser_,
                            [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                                self->on_header(error);
                            });
}

void HttpConnection::on_header(const ErrorCode& error) {
    idle_ = false;
    if (error) return refuse_broken(error);
    waiting = false;
    const auto& message = parser_->get();
    keep_ = message.keep_alive() && !server_.stopping_;
    body_unread_ = !parser_->is_done();
    auto parsed = parse_request(as_view(message.method_string()), as_view(message.target()));
    if (const auto* refusal = std::get_if<ApiReply>(&parsed)) return reply(*refusal);
    request_ = std::get<ApiRequest>(std::move(parsed));
    if (const auto refusal = server_.parts_.service.refuse_early(request_, caller_))
        return reply(*refusal);
    changes_keys_ = may_change_keys(request_.action);
    if (takes_body(request_.action)) return begin_body();
    if (body_unread_)
        return reply(error_reply(400, "bad_request", "This request has no body: see keyd/API."));
    const bool lookup = request_.action == Action::lookup;
    if (lookup) lookup_began_ = std::chrono::steady_clock::now();
    if (lookup || request_.action == Action::health)
        return reply(server_.parts_.service.answer(request_, server_.parts_.reader));
    work();
}

void HttpConnection::begin_body() {
    if (!body_unread_)
        return reply(
            error_reply(400, "no_certificate", "Send a certificate as the request's body."));
    const auto length = parser_->content_length();
    ticket_ = server_.parts_.uploads.take(caller_,
                                          length ? static_cast<std::size_t>(*length) : max_upload);
    if (!ticket_) {
        metrics().upload_refused("busy");
        return reply(busy());
    }
    wait_for_client(server_.parts_.limits.body);
    if (!iequals(parser_->get()[http::field::expect], "100-continue")) return read_body();
    asio::async_write(socket_, asio::buffer(go_on.data(), go_on.size()),
                      [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                          if (error) return self->end();
                          self->read_body();
                      });
}

void HttpConnection::read_body() {
    uploaded_ = true;
    http::async_read(
        socket_, buffer_, *parser_,
        [self = shared_from_this()](const ErrorCode& error, std::size_t) { self->on_body(error); });
}

void HttpConnection::on_body(const ErrorCode& error) {
    if (error) return refuse_broken(error);
    waiting = false;
    body_unread_ = false;
    body_ = std::move(parser_->get().body());
    work();
}

void HttpConnection::work() {
    auto guard = asio::make_work_guard(server_.parts_.io);
    auto job = [self = shared_from_this(), guard = std::move(guard)]() mutable {
        auto answer =
            self->server_.parts_.service.serve(self->request_, self->caller_, self->body_);
        auto& io = self->server_.parts_.io;
        // The connection goes back to its own thread whole: it must not die in this one.
        asio::post(io,
                   [self = std::move(self), answer = std::move(answer)] { self->reply(answer); });
        guard.reset();
    };
    // Users who keep gpg busy do not keep administrators waiting.
    const auto urgency = caller_.admin ? Workers::Urgency::urgent : Workers::Urgency::usual;
    if (server_.parts_.workers.try_post(std::move(job), urgency)) return;
    if (takes_body(request_.action)) metrics().upload_refused("busy");
    reply(busy());
}

void HttpConnection::reply(const ApiReply& answer) {
    if (uploaded_) forget_upload();
    ticket_.reset();
    if (body_unread_ || server_.stopping_) keep_ = false;
    if (answer.lease > std::chrono::seconds{0}) leased_ = true;
    render(answer, keep_, output_);
    const bool refused = answer.status >= 400 && answer.status < 500;
    const bool changed = std::exchange(changes_keys_, false) && !refused;
    if (!changed) return write();
    // Nobody remembers what was, once whoever changed it is told so: replies that are being written
    // have their ends in the queue, in front of what is posted now.
    server_.parts_.table.recall_leases();
    asio::post(server_.parts_.io, [self = shared_from_this()] { self->write(); });
}

void HttpConnection::write() {
    wait_for_client(server_.parts_.limits.reply);
    asio::async_write(socket_, asio::buffer(output_),
                      [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                          self->on_written(error);
                      });
}

/// It may have been a secret key, sent by mistake: nothing of it stays on a connection that is kept
/// open. Freed memory is wiped (base/process.hpp), so what held it is given back.
void HttpConnection::forget_upload() {
    uploaded_ = false;
    std::string{}.swap(body_);
    parser_.reset();
    boost::beast::flat_buffer fresh{buffer_.max_size()};
    fresh.commit(asio::buffer_copy(fresh.prepare(buffer_.size()), buffer_.data()));
    buffer_ = std::move(fresh);
}

void HttpConnection::on_written(const ErrorCode& error) {
    if (error) return end();
    if (lookup_began_) metrics().lookup_took(std::chrono::steady_clock::now() - *lookup_began_);
    lookup_began_.reset();
    server_.parts_.table.touch(entry_);
    if (keep_ && !server_.stopping_) return read_request();
    if (!body_unread_) return end();
    ErrorCode ignored;  // the reading below notices
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    wait_for_client(server_.parts_.limits.goodbye);
    say_goodbye();
}

/// Reads on what nobody wants: closing at once would make the client's writes fail before it has
/// seen our reply.
void HttpConnection::say_goodbye() {
    buffer_.clear();
    socket_.async_read_some(buffer_.prepare(read_ahead),
                            [self = shared_from_this()](const ErrorCode& error, std::size_t count) {
                                self->discarded_ += count;
                                if (error || self->discarded_ > goodbye_octets) return self->end();
                                self->say_goodbye();
                            });
}

void HttpConnection::refuse_broken(const ErrorCode& error) {
    waiting = false;
    keep_ = false;
    body_unread_ = true;
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return reply(error_reply(431, "header_too_long", "The request's header is too long."));
    if (error == http::error::body_limit) {
        metrics().upload_refused("too_long");
        return reply(error_reply(413, "too_long",
                                 "A certificate may have " + std::to_string(max_upload) +
                                     " octets: export only this key, without photos and other "
                                     "people's signatures (gpg --export-options export-minimal)."));
    }
    // The client left, or was too slow: there is nobody to answer.
    if (error.category() != http::make_error_code(http::error::bad_version).category() ||
        error == http::error::end_of_stream || error == http::error::partial_message)
        return end();
    reply(error_reply(400, "bad_request", "This is not HTTP/1.1: see keyd/API."));
}

}  // namespace maildircrypt
