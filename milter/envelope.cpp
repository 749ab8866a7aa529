#include "milter/envelope.hpp"

namespace maildircrypt {

bool Envelope::mixed_with(RecipientKind kind) const {
    if (kind == RecipientKind::keyed) return foreign_ + clear_ + unclear_ > 0;
    return keyed_ > 0;
}

bool Envelope::admits(RecipientKind kind) const {
    if (client_ != ClientKind::outside) return true;  // course() decides for the whole message
    if (mixed_with(kind)) return policy_.guard && !policy_.separate_mixed;
    if (kind == RecipientKind::keyed && keyed_ > 0) return !policy_.one_recipient;
    return true;
}

void Envelope::add(RecipientKind kind) {
    switch (kind) {
        case RecipientKind::foreign:
            ++foreign_;
            return;
        case RecipientKind::clear:
            ++clear_;
            return;
        case RecipientKind::keyed:
            ++keyed_;
            return;
        case RecipientKind::unclear:
            ++unclear_;
            return;
    }
}

Course Envelope::course() const {
    const bool mixed = keyed_ > 0 && mixed_with(RecipientKind::keyed);
    // An address that nobody understands may be a keyed one.
    if (mixed || unclear_ > 0) return policy_.guard ? Course::leave_to_guard : Course::refuse;
    if (keyed_ > 0) return Course::seal;
    if (clear_ > 0) return foreign_ > 0 ? Course::pass_unmarked : Course::pass_clear;
    return Course::untouched;
}

Sharing share(const EnvelopePolicy& policy, bool all_named) {
    if (all_named) return Sharing::named;
    return policy.guard ? Sharing::leave_to_guard : Sharing::anonymous;
}

}  // namespace maildircrypt
