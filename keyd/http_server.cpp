#include "keyd/http_server.hpp"

#include "keyd/http_server_connection.hpp"

namespace maildircrypt {

HttpServer::HttpServer(HttpServerParts parts, Fd listener)
    : parts_(parts),
      acceptor_(parts.io, std::move(listener), parts.administrators, parts.log,
                [this](UnixAcceptor::Socket socket, const Caller& caller) {
                    std::make_shared<HttpConnection>(*this, std::move(socket), caller)->start();
                }) {}

void HttpServer::stop() {
    stopping_ = true;
    acceptor_.stop();
}

}  // namespace maildircrypt
