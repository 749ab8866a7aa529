#include "keyd/socketmap_server.hpp"

#include "keyd/socketmap.hpp"

#include <array>
#include <memory>
#include <string>

#include <boost/asio/write.hpp>

namespace maildircrypt {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// One client; queries one after the other. Owned by its pending operation.
class SocketmapConnection : public TabledConnection,
                            public std::enable_shared_from_this<SocketmapConnection> {
public:
    SocketmapConnection(const SocketmapServerParts& parts, UnixAcceptor::Socket socket,
                        const Caller& caller)
        : parts_(parts), socket_(std::move(socket)) {
        uid = caller.uid;
        privileged = caller.admin;
    }

    void start() {
        entry_ = parts_.table.add(shared_from_this());
        parts_.service.metrics().connection_opened();
        deadline = std::chrono::steady_clock::now() + parts_.request;
        read();
    }
    void abort() override {
        error_code ignored;  // nothing was promised to the peer
        socket_.close(ignored);
    }

private:
    void read() {
        socket_.async_read_some(
            asio::buffer(piece_),
            [self = shared_from_this()](const error_code& error, std::size_t count) {
                if (error) return self->end();
                self->input_.append(self->piece_.data(), count);
                self->serve();
            });
    }

    /// Never holds more than one query and one piece.
    void serve() {
        const bool lines = speaks_in_lines(input_);
        const Netstring query = lines ? read_line(input_) : read_netstring(input_);
        switch (query.state) {
            case Netstring::State::incomplete:
                return read();
            case Netstring::State::broken:
                return end();
            case Netstring::State::complete:
                break;
        }
        output_ = answer_socketmap(query.payload, [this](const Address& address) {
            return parts_.service.state_of(address, parts_.reader);
        });
        output_ = lines ? output_ + '\n' : write_netstring(output_);
        input_.erase(0, query.size);
        deadline = std::chrono::steady_clock::now() + parts_.request;
        asio::async_write(socket_, asio::buffer(output_),
                          [self = shared_from_this()](const error_code& error, std::size_t) {
                              if (error) return self->end();
                              self->parts_.table.touch(self->entry_);
                              self->serve();
                          });
    }

    void end() {
        abort();
        parts_.table.remove(entry_);
        parts_.service.metrics().connection_closed();
    }

    const SocketmapServerParts& parts_;
    UnixAcceptor::Socket socket_;
    ConnectionTable::Entry entry_;
    std::array<char, 1024> piece_{};
    std::string input_;
    std::string output_;
};

}  // namespace

SocketmapServer::SocketmapServer(SocketmapServerParts parts, Fd listener)
    : parts_(parts),
      acceptor_(
          parts.io, std::move(listener), parts.administrators, parts.log,
          [this](UnixAcceptor::Socket socket, const Caller& caller) {
              std::make_shared<SocketmapConnection>(parts_, std::move(socket), caller)->start();
          }) {}

}  // namespace maildircrypt
