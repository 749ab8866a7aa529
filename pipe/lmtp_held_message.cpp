#include "pipe/lmtp_held_message.hpp"

#include "pipe/lmtp_limits.hpp"

#include <utility>

namespace maildircrypt::lmtp {

Result<HeldMessage> HeldMessage::create(const CryptoContext& context, SpillBudget& budget,
                                        TextOrigin origin) {
    HeldMessage message;
    if (origin == TextOrigin::sealed) {
        message.sealed_ = std::make_unique<Spill>(budget);
        return message;
    }
    auto hidden = OriginalSpill::create(context, budget);
    if (!hidden) return hidden.error();
    message.hidden_ = std::move(*hidden);
    return message;
}

Result<void> HeldMessage::header(const OuterHeader& header) {
    return write(header.render());
}

Result<void> HeldMessage::body(Deliverable piece) {
    return write(piece.text());
}

Result<void> HeldMessage::write(std::string_view text) {
    size_ += text.size();
    return sealed_ ? sealed_->write(text) : hidden_->write(text);
}

Result<void> HeldMessage::read_to(Sink& sink) const {
    return sealed_ ? sealed_->read_to(sink, read_size) : hidden_->read_to(sink);
}

}  // namespace maildircrypt::lmtp
