#include "milter/reply.hpp"

namespace maildircrypt {

std::string MilterReply::line() const {
    return code + ' ' + enhanced + ' ' + text;
}

namespace replies {
namespace {

MilterReply defer(std::string code, std::string enhanced, std::string_view text) {
    return {MilterReply::Action::defer, std::move(code), std::move(enhanced), std::string{text}};
}
MilterReply reject(std::string code, std::string enhanced, std::string_view text) {
    return {MilterReply::Action::reject, std::move(code), std::move(enhanced), std::string{text}};
}

}  // namespace

MilterReply proceed() {
    return {};
}
MilterReply accept() {
    return {MilterReply::Action::accept, {}, {}, {}};
}
MilterReply fault() {
    return defer("451", "4.3.0", "Encryption is not available at the moment, try again later");
}
MilterReply busy() {
    return defer("451", "4.3.2", "Too many messages at once, try again later");
}
MilterReply policy_defer(std::string_view why) {
    return defer("451", "4.7.1", "Not accepted for now: " + std::string{why});
}
MilterReply policy_reject(std::string_view why) {
    return reject("550", "5.7.1", "Not accepted: " + std::string{why});
}
MilterReply come_back() {
    return defer("452", "4.5.3", "Send to this recipient in a separate transaction");
}
MilterReply send_separately() {
    return reject("550", "5.5.3",
                  "Not sent to anybody: recipients with and without an encryption key "
                  "need separate messages");
}
MilterReply too_many_recipients() {
    return defer("452", "4.5.3", "Too many recipients with encryption keys");
}
MilterReply too_large() {
    return reject("552", "5.3.4", "Message would be larger than allowed once it is encrypted");
}
MilterReply header_too_large() {
    return reject("552", "5.3.4", "Message header is too large");
}
MilterReply bad_address() {
    return reject("553", "5.1.3", "Recipient address cannot be looked up");
}

}  // namespace replies
}  // namespace maildircrypt
