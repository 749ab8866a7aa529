#include "milter/session.hpp"

#include "seal/ascii.hpp"

#include <charconv>

namespace maildircrypt {

std::size_t declared_size(std::span<const std::string_view> arguments) {
    constexpr std::string_view keyword = "SIZE=";
    for (const std::string_view argument : arguments) {
        if (!has_prefix(argument, keyword)) continue;
        const std::string_view digits = argument.substr(keyword.size());
        const auto end = digits.data() + digits.size();
        std::size_t size = 0;
        const auto [stop, error] = std::from_chars(digits.data(), end, size);
        return error == std::errc{} && stop == end ? size : 0;
    }
    return 0;
}

void MilterSession::mail(std::span<const std::string_view> arguments, const Macros& macros) {
    transaction_.emplace(service_, client_kind(macros),
                         arguments.empty() ? 0 : declared_size(arguments.subspan(1)));
}

ClientKind MilterSession::client_kind(const Macros& macros) const {
    if (!peer_ || peer_->port == 0) return ClientKind::local;
    const auto login = macros.find("{auth_authen}");
    if (login && !login->empty()) return ClientKind::own;
    return service_.policy.own_networks.contains(peer_->address) ? ClientKind::own
                                                                 : ClientKind::outside;
}

MilterReply MilterSession::recipient(std::string_view argument, const Macros& macros) {
    return transaction_ ? transaction_->recipient(argument, macros) : replies::fault();
}

MilterReply MilterSession::data(const Macros& macros) {
    return transaction_ ? ending(transaction_->data(macros)) : replies::fault();
}

MilterReply MilterSession::ending(MilterReply reply) {
    if (reply.action != MilterReply::Action::proceed) transaction_.reset();
    return reply;
}

void MilterSession::field(std::string_view name, std::string_view value) {
    if (transaction_) transaction_->field(name, value);
}

void MilterSession::end_of_header() {
    if (transaction_) transaction_->end_of_header();
}

void MilterSession::body(std::string_view piece) {
    if (transaction_) transaction_->body(piece);
}

MilterReply MilterSession::end_of_message(MessageEditor& editor, const Macros& macros) {
    if (!transaction_) return replies::fault();
    MilterReply reply = transaction_->end_of_message(editor, macros);
    transaction_.reset();
    return reply;
}

}  // namespace maildircrypt
