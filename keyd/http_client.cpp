#include "keyd/http_client.hpp"

#include "keyd/lease_field.hpp"

#include <cerrno>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <sys/socket.h>

namespace maildircrypt {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::uint32_t header_limit = 16 * 1024;
/// Between attempts while the daemon's queue of new connections is full.
constexpr std::chrono::milliseconds connect_pause{10};

std::string render(const HttpCall& call) {
    std::string text = call.method + ' ' + call.target + " HTTP/1.1\r\nHost: keyd\r\n";
    if (!call.body.empty())
        text += "Content-Type: application/octet-stream\r\nContent-Length: " +
                std::to_string(call.body.size()) + "\r\n";
    return text + "\r\n" + call.body;
}

bool peer_closed(const error_code& error) {
    return error == asio::error::eof || error == http::error::end_of_stream ||
           error == asio::error::connection_reset || error == asio::error::broken_pipe;
}

}  // namespace

class HttpClient::State {
public:
    State(std::string path, std::size_t body_limit)
        : path_(std::move(path)), body_limit_(body_limit) {}

    Result<HttpReply> call(const HttpCall& call, Deadline deadline) {
        const bool kept = socket_.is_open();
        auto reply = attempt(call, deadline);
        if (!reply && kept && closed_early_ && call.method == "GET")
            reply = attempt(call, deadline);
        return reply;
    }

    /// An end of input is there to be read as soon as the peer has closed (unix(7)).
    bool is_open() {
        if (!socket_.is_open()) return false;
        char octet = 0;
        const ssize_t size =
            ::recv(socket_.native_handle(), &octet, sizeof octet, MSG_PEEK | MSG_DONTWAIT);
        return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

private:
    Result<HttpReply> attempt(const HttpCall& call, Deadline deadline) {
        closed_early_ = false;
        if (!socket_.is_open()) {
            if (auto error = connect(deadline)) return fail("connect to keyd at " + path_, *error);
        }
        const std::string text = render(call);
        const error_code written = finish(deadline, [&](auto done) {
            asio::async_write(socket_, asio::buffer(text), std::move(done));
        });
        // A daemon that refuses an upload answers before it has read all of it: the answer counts.
        if (written && !peer_closed(written)) return fail("write to keyd", written);
        auto reply = read(deadline);
        if (!reply && written) return fail("write to keyd", written);
        return reply;
    }

    std::optional<error_code> connect(Deadline deadline) {
        if (path_.empty() || path_.size() >= sizeof(sockaddr_un::sun_path))
            return error_code{asio::error::name_too_long};
        buffer_.clear();
        for (;;) {
            const error_code error = finish(deadline, [&](auto done) {
                socket_.async_connect(stream_protocol::endpoint{path_},
                                      [done](const error_code& e) mutable { done(e, 0); });
            });
            if (!error) return std::nullopt;
            close();
            // What Asio makes of EAGAIN, connect(2): the queue is full.
            if (error != asio::error::no_buffer_space) return error;
            asio::steady_timer timer{io_, connect_pause};
            const error_code waited = finish(deadline, [&](auto done) {
                timer.async_wait([done](const error_code& e) mutable { done(e, 0); });
            });
            if (waited) return waited;
        }
    }

    Result<HttpReply> read(Deadline deadline) {
        http::response_parser<http::string_body> parser;
        parser.header_limit(header_limit);
        parser.body_limit(body_limit_);
        const error_code error = finish(deadline, [&](auto done) {
            http::async_read(socket_, buffer_, parser, std::move(done));
        });
        if (error) {
            closed_early_ = peer_closed(error) && !parser.got_some() && buffer_.size() == 0;
            return fail("read from keyd", error);
        }
        auto message = parser.release();
        if (!message.keep_alive() || buffer_.size() != 0) close();
        const auto field = message[lease_field];
        return HttpReply{message.result_int(), std::move(message.body()),
                         parse_lease({field.data(), field.size()})};
    }

    /// Runs one operation to its end or to the deadline.
    template <class Start>
    error_code finish(Deadline deadline, Start start) {
        std::optional<error_code> result;
        start([&result](const error_code& error, std::size_t) { result = error; });
        io_.restart();
        io_.run_until(deadline);
        if (result) return *result;
        close();  // makes the operation end at once
        io_.restart();
        io_.run();
        return asio::error::timed_out;
    }

    Error fail(const std::string& step, const error_code& error) {
        close();
        return retry(step + ": " + error.message());
    }

    void close() {
        error_code ignored;  // nothing was promised to the peer
        socket_.close(ignored);
        buffer_.clear();
    }

    std::string path_;
    std::size_t body_limit_;
    asio::io_context io_{1};
    stream_protocol::socket socket_{io_};
    beast::flat_buffer buffer_{header_limit + 64 * 1024};
    bool closed_early_ = false;  ///< by the peer, before anything was read
};

HttpClient::HttpClient(std::string socket_path, std::size_t body_limit)
    : state_(std::make_unique<State>(std::move(socket_path), body_limit)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

bool HttpClient::is_open() const {
    return state_->is_open();
}

Result<HttpReply> HttpClient::call(const HttpCall& call, Deadline deadline) {
    return state_->call(call, deadline);
}

}  // namespace maildircrypt
