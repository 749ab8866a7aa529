#include "pipe/lmtp_reply.hpp"

#include "pipe/lmtp_limits.hpp"

#include <utility>

namespace maildircrypt::lmtp {

std::string Reply::render() const {
    std::string line = std::to_string(code);
    if (!enhanced.empty()) line += ' ' + enhanced;
    return line + ' ' + text + "\r\n";
}

Reply try_later(std::string text, std::string cause) {
    return {451, "4.3.0", std::move(text), std::move(cause)};
}

Reply next_hop_away(std::string_view enhanced, std::string text, std::string cause) {
    return {451, std::string{enhanced}, std::move(text), std::move(cause)};
}

std::string sanitise(std::string_view text) {
    std::string clean{text.substr(0, max_reply_text)};
    for (char& c : clean) {
        if (c < ' ' || c > '~') c = '?';
    }
    return clean;
}

Reply hand_back(const Reply& reply) {
    const std::string text = sanitise(reply.text);
    switch (reply.code) {
        case 421:  // it closes its connection with us, we do not close ours with the sender
            return {451, reply.enhanced.starts_with("4.") ? reply.enhanced : "4.4.2", text, {}};
        case 500:
        case 502:
        case 503:
        case 504:
        case 530:
        case 534:
        case 535:
        case 538:
        case 555:
            return next_hop_away("4.5.0", "the next hop did not understand: " + text);
        default:
            break;
    }
    const int status_class = reply.code / 100;
    if (status_class != 4 && status_class != 5 && status_class != 2)
        return next_hop_away("4.5.0", "the next hop answered out of turn");
    const std::string prefix = std::to_string(status_class) + '.';
    return {
        reply.code, reply.enhanced.starts_with(prefix) ? reply.enhanced : prefix + "0.0", text, {}};
}

}  // namespace maildircrypt::lmtp
