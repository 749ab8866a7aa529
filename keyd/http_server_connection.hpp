/// One client of the API: requests one after the other, each within its limits.
#pragma once

#include "keyd/api_reply.hpp"
#include "keyd/api_request.hpp"
#include "keyd/connection_table.hpp"
#include "keyd/http_server.hpp"

#include <memory>
#include <optional>
#include <string>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace maildircrypt {

/// Owned by its pending operation. The thread that runs the io_context.
class HttpConnection : public TabledConnection,
                       public std::enable_shared_from_this<HttpConnection> {
public:
    HttpConnection(HttpServer& server, UnixAcceptor::Socket socket, const Caller& caller);
    void start();
    void abort() override;
    void recall_lease() override;

private:
    using ErrorCode = boost::system::error_code;

    void wait_for_client(std::chrono::milliseconds limit);
    void read_request();
    void on_header(const ErrorCode& error);
    void begin_body();
    void read_body();
    void on_body(const ErrorCode& error);
    void work();
    void reply(const ApiReply& answer);
    void write();
    void on_written(const ErrorCode& error);
    void forget_upload();
    void say_goodbye();
    void refuse_broken(const ErrorCode& error);
    void end();
    Metrics& metrics() { return server_.parts_.service.metrics(); }

    HttpServer& server_;
    UnixAcceptor::Socket socket_;
    const Caller caller_;
    ConnectionTable::Entry entry_;
    bool tabled_ = false;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
    ApiRequest request_;
    std::string body_;
    std::optional<UploadBudget::Ticket> ticket_;
    std::string output_;
    bool keep_ = false;          ///< the connection, after this reply
    bool idle_ = false;          ///< between a reply and the next request
    bool leased_ = false;        ///< an answer went out that the client may remember
    bool changes_keys_ = false;  ///< the request may
    bool body_unread_ = false;   ///< the reply comes before the client has sent everything
    bool uploaded_ = false;  ///< octets of a certificate, or of what was taken for one, are here
    std::size_t discarded_ = 0;
    /// When the header of a lookup was there, until its reply is written.
    std::optional<std::chrono::steady_clock::time_point> lookup_began_;
};

}  // namespace maildircrypt
