#include "milter/content.hpp"

#include "milter/field_text.hpp"

#include <utility>

namespace maildircrypt {

SealedContent::SealedContent(const MilterService& service, Admissions::Ticket& ticket,
                             std::vector<KeyedRecipient> recipients)
    : service_(service), store_(service.spill, ticket, service.policy.size_limit) {
    for (auto& recipient : recipients) {
        addresses_.push_back(std::move(recipient.address));
        keys_.push_back(std::move(recipient.keys));
    }
}

Result<void> SealedContent::field(std::string_view name, std::string_view value) {
    if (!decided_ && addresses_.size() == 1) {
        if (auto started = decide(true); !started) return started;
    }
    if (!decided_) named_.field(name, value);
    return write_field(name, value, [this](std::string_view piece) { return write(piece); });
}

Result<void> SealedContent::end_of_header() {
    if (!decided_) {
        if (auto started = decide(named_.has_all(addresses_)); !started) return started;
    }
    header_ended_ = true;
    return write("\r\n");
}

Result<void> SealedContent::body(std::string_view piece) {
    if (!header_ended_) return retry("the MTA sent body before the end of the header");
    return write(piece);
}

Result<void> SealedContent::write(std::string_view piece) {
    if (decided_) return sealer_ ? sealer_->write(piece) : Result<void>{};
    gathered_.insert(gathered_.end(), piece.begin(), piece.end());
    return gathered_.size() > max_gathered ? decide(false) : Result<void>{};
}

Result<void> SealedContent::decide(bool all_named) {
    decided_ = true;
    SealOptions options = service_.seal.for_recipients(addresses_);
    const SecretText gathered = std::exchange(gathered_, {});
    switch (share(service_.policy.envelope, all_named)) {
        case Sharing::leave_to_guard:
            return {};
        case Sharing::anonymous:
            options.encryption.anonymous = true;
            break;
        case Sharing::named:
            break;
    }
    sealer_ = std::make_unique<Sealer>(service_.crypto, std::move(keys_), std::move(options),
                                       service_.spill, store_);
    return sealer_->write({gathered.data(), gathered.size()});
}

Result<SealedContent::Outcome> SealedContent::finish() {
    if (!header_ended_) return retry("the MTA sent no end of the header");
    if (!sealer_) return Outcome::left_to_guard;
    const auto outcome = sealer_->finish();
    if (!outcome) return outcome.error();
    if (*outcome == SealOutcome::already_encrypted) return Outcome::already_encrypted;
    switch (store_.state()) {
        case SealedStore::State::complete:
            return Outcome::sealed;
        case SealedStore::State::too_large:
            return Outcome::too_large;
        case SealedStore::State::too_much:
            return Outcome::too_much;
    }
    return retry("the sealed message is in no known state");
}

}  // namespace maildircrypt
