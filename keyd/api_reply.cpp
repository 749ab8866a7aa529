#include "keyd/api_reply.hpp"

#include <nlohmann/json.hpp>

namespace maildircrypt {

ApiReply error_reply(unsigned status, std::string_view code, std::string_view message) {
    using nlohmann::json;
    const json object{{"error", {{"code", code}, {"message", message}}}};
    // Messages quote what the client sent, whatever its octets.
    ApiReply reply{status, object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"};
    reply.code = code;
    return reply;
}

std::string_view reason_of(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 422:
            return "Unprocessable Content";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        default:
            return "Error";
    }
}

}  // namespace maildircrypt
