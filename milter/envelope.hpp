/// Several recipients in one transaction: who is admitted to it, and what then happens to the one
/// message. Pure decisions.
#pragma once

#include <cstddef>

namespace maildircrypt {

/// Who is sending, by what can be asked of them.
enum class ClientKind {
    outside,  ///< an unauthenticated client from elsewhere: an MTA, which comes back after a 452
    own,      ///< authenticated or from our networks: perhaps a program that drops who is refused
    local,    ///< no SMTP at all (sendmail(1), bounces): only the whole message can be answered
};

enum class RecipientKind {
    foreign,  ///< outside our domains
    clear,    ///< ours, policy lets mail pass in clear
    keyed,    ///< ours, mail is sealed
    unclear,  ///< perhaps ours, but no address that we can look up
};

struct EnvelopePolicy {
    /// Final delivery seals too (maildircrypt-lmtp, maildircrypt-pipe): what is not sealed here is
    /// sealed there.
    bool guard = false;
    /// Recipients with and without keys are asked to come in separate transactions, where they can
    /// be asked. Always so without a guard.
    bool separate_mixed = false;
    /// Recipients with keys are asked to come one at a time, where they can be asked.
    bool one_recipient = false;
};

/// What happens to a message whose recipients are all known.
enum class Course {
    untouched,       ///< nobody of ours
    leave_to_guard,  ///< sealed at final delivery, for each recipient alone
    seal,            ///< one sealed message for all
    pass_clear,      ///< marked
    pass_unmarked,   ///< in clear, but somebody outside gets it too: forged marks go, none is set
    refuse,          ///< mixed, no guard, and nobody who would come back: for the whole message
};

/// The recipients of one transaction.
class Envelope {
public:
    Envelope(const EnvelopePolicy& policy, ClientKind client) : policy_(policy), client_(client) {}

    /// Whether the recipient may join those who are admitted already; if not, the answer is 452.
    bool admits(RecipientKind kind) const;
    void add(RecipientKind kind);
    /// Never seals for, nor without a guard passes to, a mixture of keyed and other recipients.
    Course course() const;
    bool empty() const { return keyed_ + foreign_ + clear_ + unclear_ == 0; }
    std::size_t keyed() const { return keyed_; }

private:
    bool mixed_with(RecipientKind kind) const;

    EnvelopePolicy policy_;
    ClientKind client_;
    std::size_t keyed_ = 0;
    std::size_t foreign_ = 0;
    std::size_t clear_ = 0;
    std::size_t unclear_ = 0;
};

/// All recipients have keys and there are several: may they share one message that names their
/// keys? Otherwise each would learn of the others, which only To and Cc may tell.
enum class Sharing { named, anonymous, leave_to_guard };
Sharing share(const EnvelopePolicy& policy, bool all_named);

}  // namespace maildircrypt
