/// HTTP/1.1 over a Unix socket, blocking but never beyond a deadline: what keyd's clients speak.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace maildircrypt {

struct HttpCall {
    std::string method = "GET";
    std::string target;  ///< path and query, percent-encoded
    std::string body;    ///< sent when not empty
};

struct HttpReply {
    unsigned status = 0;
    std::string body;
    std::chrono::seconds lease{0};  ///< keyd/lease_field.hpp
};

/// One connection, opened at the first call and kept while both sides want it. One thread at a
/// time. Cheap to make: nothing happens before the first call.
class HttpClient {
public:
    using Deadline = std::chrono::steady_clock::time_point;

    /// Replies with a header over 16 KiB or a body over `body_limit` octets are errors.
    HttpClient(std::string socket_path, std::size_t body_limit);
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;

    /// The whole reply is there by `deadline` or it is an error. When a kept connection turns out
    /// to be closed, one new one is tried: only for calls that may be repeated (GET). All errors
    /// are of fate retry; after one the connection is closed.
    Result<HttpReply> call(const HttpCall& call, Deadline deadline);

    /// Whether the connection is there and neither side has ended it. Does not wait.
    bool is_open() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace maildircrypt
