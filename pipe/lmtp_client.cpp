#include "pipe/lmtp_client.hpp"

#include "pipe/lmtp_limits.hpp"
#include "seal/ascii.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace maildircrypt::lmtp {
namespace {

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    for (line = trim_blanks(line); !line.empty(); line = trim_blanks(line)) {
        const auto end = std::min(line.find_first_of(" \t"), line.size());
        std::string& word = words.emplace_back(line.substr(0, end));
        for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        line.remove_prefix(end);
    }
    return words;
}

/// What may be offered on, to our own peers.
bool is_attribute(std::string_view word) {
    return std::all_of(word.begin(), word.end(),
                       [](char c) { return is_ascii_alphanumeric(c) || c == '-'; });
}

}  // namespace

Capabilities read_capabilities(const ReplyLines& reply) {
    Capabilities found;
    for (std::size_t i = 1; i < reply.lines.size(); ++i) {  // the first line is the host's name
        auto words = words_of(reply.lines[i]);
        if (words.empty()) continue;
        const std::string keyword = words.front();
        found.pipelining = found.pipelining || keyword == "PIPELINING";
        found.eight_bit = found.eight_bit || keyword == "8BITMIME";
        found.smtputf8 = found.smtputf8 || keyword == "SMTPUTF8";
        found.dsn = found.dsn || keyword == "DSN";
        found.chunking = found.chunking || keyword == "CHUNKING";
        if (keyword == "SIZE") {
            found.size = true;
            if (words.size() > 1) found.size_limit = parse_size(words[1]).value_or(0);
        }
        if (keyword == "XFORWARD") {
            for (std::size_t n = 1; n < words.size(); ++n) {
                if (is_attribute(words[n])) found.xforward.push_back(words[n]);
            }
        }
    }
    return found;
}

Result<Client> Client::connect(const Endpoint& endpoint, const std::string& name,
                               std::chrono::milliseconds step, Deadline deadline) {
    deadline = std::min(deadline, std::chrono::steady_clock::now() + connect_timeout);
    auto fd = connect_to(endpoint, deadline);
    if (!fd) return fd.error();
    Client client{std::move(*fd), step};
    auto greeting = client.read_lines(deadline);
    if (!greeting) return greeting.error();
    if (greeting->code != 220)
        return retry("the next hop greets with " + std::to_string(greeting->code));
    client.add_command("LHLO " + name);
    if (auto sent = client.flush(deadline); !sent) return sent.error();
    auto answer = client.read_lines(deadline);
    if (!answer) return answer.error();
    if (answer->code != 250)
        return retry("the next hop answers LHLO with " + std::to_string(answer->code));
    client.capabilities_ = read_capabilities(*answer);
    return client;
}

bool Client::is_stale() const {
    pollfd watched{fd_.get(), POLLIN, 0};
    return closing_ || !unread_.empty() || ::poll(&watched, 1, 0) != 0;
}

Deadline Client::step_end(Deadline deadline) const {
    return std::min(deadline, std::chrono::steady_clock::now() + step_);
}

void Client::add_command(std::string_view line) {
    constexpr std::string_view crlf = "\r\n";
    unsent_.insert(unsent_.end(), line.begin(), line.end());
    unsent_.insert(unsent_.end(), crlf.begin(), crlf.end());
}

/// A server that speaks before it has all of the content, and takes no more, has given up on us.
Result<void> Client::send_queued(Deadline deadline, bool is_content) {
    const auto events = static_cast<short>(is_content ? POLLOUT | POLLIN : POLLOUT);
    std::string_view rest{unsent_.data(), unsent_.size()};
    while (!rest.empty()) {
        const ssize_t count = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(count));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return errno_error("write to the next hop");
        const auto ready = wait_ready(fd_.get(), events, step_end(deadline));
        if (!ready) return retry("write to the next hop: " + ready.error().what);
        if ((*ready & (POLLIN | POLLOUT)) == POLLIN)
            return retry("the next hop answered out of turn");
    }
    unsent_.clear();
    return {};
}

Result<void> Client::Content::write(std::string_view piece) {
    client_.unsent_.insert(client_.unsent_.end(), piece.begin(), piece.end());
    return client_.unsent_.size() < read_size ? Result<void>{} : client_.flush_content(deadline_);
}

Result<ReplyLines> Client::read_lines(Deadline deadline) {
    const Deadline end = step_end(deadline);
    for (;;) {
        std::string_view input = unread_;
        auto reply = reader_.next(input);
        unread_.erase(0, unread_.size() - input.size());
        if (!reply) return reply.error();
        if (*reply) {
            closing_ = closing_ || (*reply)->code == 421;
            return std::move(**reply);
        }
        const auto ready = wait_ready(fd_.get(), POLLIN, end);
        if (!ready) return retry("read from the next hop: " + ready.error().what);
        std::array<char, 4096> buffer;
        const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0) return errno_error("read from the next hop");
        if (count == 0) return retry("the next hop closed the connection");
        unread_.assign(buffer.data(), static_cast<std::size_t>(count));
    }
}

Result<Reply> Client::read_reply(Deadline deadline) {
    auto lines = read_lines(deadline);
    if (!lines) return lines.error();
    return lines->summary();
}

Result<Reply> Client::command(std::string_view line, Deadline deadline) {
    add_command(line);
    if (auto sent = flush(deadline); !sent) return sent.error();
    return read_reply(deadline);
}

void Client::say_goodbye() {
    constexpr std::string_view quit = "QUIT\r\n";
    (void)::send(fd_.get(), quit.data(), quit.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace maildircrypt::lmtp
