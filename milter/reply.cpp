#include "milter/reply.hpp"

namespace maildircrypt {

std::string Reply::line() const {
    return code + ' ' + enhanced + ' ' + text;
}

namespace replies {
namespace {

Reply defer(std::string code, std::string enhanced, std::string_view text) {
    return {Reply::Action::defer, std::move(code), std::move(enhanced), std::string{text}};
}
Reply reject(std::string code, std::string enhanced, std::string_view text) {
    return {Reply::Action::reject, std::move(code), std::move(enhanced), std::string{text}};
}

}  // namespace

Reply proceed() {
    return {};
}
Reply accept() {
    return {Reply::Action::accept, {}, {}, {}};
}
Reply fault() {
    return defer("451", "4.3.0", "Encryption is not available at the moment, try again later");
}
Reply busy() {
    return defer("451", "4.3.2", "Too many messages at once, try again later");
}
Reply policy_defer(std::string_view why) {
    return defer("451", "4.7.1", "Not accepted for now: " + std::string{why});
}
Reply policy_reject(std::string_view why) {
    return reject("550", "5.7.1", "Not accepted: " + std::string{why});
}
Reply come_back() {
    return defer("452", "4.5.3", "Send to this recipient in a separate transaction");
}
Reply send_separately() {
    return reject("550", "5.5.3",
                  "Not sent to anybody: recipients with and without an encryption key "
                  "need separate messages");
}
Reply too_many_recipients() {
    return defer("452", "4.5.3", "Too many recipients with encryption keys");
}
Reply too_large() {
    return reject("552", "5.3.4", "Message would be larger than allowed once it is encrypted");
}
Reply header_too_large() {
    return reject("552", "5.3.4", "Message header is too large");
}
Reply bad_address() {
    return reject("553", "5.1.3", "Recipient address is longer than allowed or malformed");
}

}  // namespace replies
}  // namespace maildircrypt
