#include "keyd/keyd_call.hpp"

#include "keyd/json_fields.hpp"

#include <chrono>
#include <thread>

#include <sysexits.h>

namespace maildircrypt {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds patience{120};  // for one request
constexpr int busy_attempts = 30;
constexpr std::chrono::seconds busy_pause{1};

Result<HttpReply> ask(HttpClient& client, const HttpCall& call) {
    auto reply = client.call(call, std::chrono::steady_clock::now() + patience);
    // keyd closes connections that were idle for long.
    if (!reply) reply = client.call(call, std::chrono::steady_clock::now() + patience);
    return reply;
}

}  // namespace

CallReply call_keyd(HttpClient& client, const HttpCall& call) {
    for (int attempt = 1;; ++attempt) {
        auto reply = ask(client, call);
        if (!reply) return CallFailure{EX_UNAVAILABLE, reply.error().what};
        json body = json::parse(reply->body, nullptr, false);
        if (!body.is_object()) return CallFailure{EX_PROTOCOL, "the reply is not keyd's"};
        if (reply->status == 200 || reply->status == 201) {
            body["status"] = reply->status;
            return body;
        }
        JsonFields fields{body};
        JsonFields error{fields.object("error")};
        const std::string message = error.text("message");
        if (error.text("code") != "busy" || attempt == busy_attempts)
            return CallFailure{exit_status_of(reply->status), message};
        std::this_thread::sleep_for(busy_pause);
    }
}

int exit_status_of(unsigned http_status) {
    switch (http_status) {
        case 403:
            return EX_NOPERM;
        case 404:
            return EX_NOUSER;
        case 400:
        case 413:
        case 422:
            return EX_DATAERR;
        case 409:
        case 503:
            return EX_TEMPFAIL;
        default:
            return EX_PROTOCOL;
    }
}

}  // namespace maildircrypt
