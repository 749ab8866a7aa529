#include "pipe/lmtp_guard.hpp"

#include <utility>

namespace maildircrypt::lmtp {
namespace {

/// Less than any sealed message of that size: base64 alone makes four octets of three.
std::uint64_t least_sealed_size(std::uint64_t size) {
    return size / 3 * 4;
}

Reply refusal(Treatment treatment, KeyState state) {
    const std::string why{explain(state)};
    if (treatment == Treatment::reject) return {550, "5.7.1", "Not accepted: " + why, {}};
    return {451, "4.7.1", "Not accepted for now: " + why, {}};
}

Verdict refused(const Guard& guard, const std::string& session, const Recipient& candidate,
                Reply reply, const std::string& why) {
    guard.log.event(LogLevel::warning, "refused",
                    {{"session", session},
                     {"recipient", candidate.path},
                     {"reply", std::to_string(reply.code) + ' ' + reply.enhanced},
                     {"why", why}});
    return {std::move(reply), std::nullopt};
}

/// An address that names no mailbox, or a failed lookup.
Verdict undecided(const Guard& guard, const std::string& session, const Recipient& candidate,
                  const Error& error) {
    const bool lookup_failed = error.fate == Fate::retry;
    const Reply reply = lookup_failed ? try_later("Encryption is not available at the moment")
                                      : Reply{451, "4.1.3", std::string{no_mailbox}, {}};
    auto verdict = refused(guard, session, candidate, reply, error.what);
    verdict.lookup_failed = lookup_failed;
    return verdict;
}

}  // namespace

Verdict judge(const Guard& guard, const Sender& sender, const Recipient& candidate,
              const std::string& session) {
    const auto address = Address::parse(candidate.path);
    if (!address) return undecided(guard, session, candidate, address.error());
    auto next = guard.next.judge(sender, candidate, *address);
    if (!next.accepts()) return refused(guard, session, candidate, next, next.cause);
    auto place = guard.recipients.take();
    if (!place)
        return refused(guard, session, candidate,
                       {452, "4.3.2", "Too many recipients at once, try again later", {}},
                       "too many recipients are in flight");
    Destination destination{candidate, *address};
    auto decided = decide_recipient(guard.lookup, guard.policy, guard.names, *address);
    if (!decided) return undecided(guard, session, candidate, decided.error());
    const Treatment treatment = decided->treatment;
    const KeyState state = decided->keys.state;
    if (treatment == Treatment::defer || treatment == Treatment::reject)
        return refused(guard, session, candidate, refusal(treatment, state),
                       std::string{token_of(state)});
    if (treatment == Treatment::seal && sender.size &&
        !guard.next.has_room_for(least_sealed_size(*sender.size)))
        return refused(guard, session, candidate,
                       {552, "5.3.4", "The sealed message would be larger than the limit", {}},
                       "larger than the next hop takes");
    return {{250, "2.1.5", "Ok", {}},
            Treated{std::move(destination), treatment, std::move(decided->keys),
                    std::move(decided->asked), std::move(*place)}};
}

}  // namespace maildircrypt::lmtp
