#include "admin/message_opener.hpp"

#include "admin/sealed_message.hpp"
#include "admin/undo.hpp"

namespace maildircrypt {
namespace {

OpenedMessage failed(const Error& error) {
    return {OpenedMessage::Kind::failed, {}, error.what};
}

}  // namespace

Result<OpenedMessage> open_message(std::string_view message, const Decrypt& decrypt) {
    if (!says_sealed(message)) return OpenedMessage{OpenedMessage::Kind::not_sealed, {}, {}};
    const auto armour = find_armour(message);
    if (!armour) return failed(armour.error());
    const auto payload = decrypt(*armour);
    if (!payload && payload.error().fate == Fate::retry) return payload.error();
    if (!payload) return failed(payload.error());
    auto original = undo_sealing({payload->data(), payload->size()});
    if (!original) return failed(original.error());
    return OpenedMessage{OpenedMessage::Kind::opened, std::move(*original), {}};
}

}  // namespace maildircrypt
