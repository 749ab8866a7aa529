/// Asks keyd: the only part of keyd that front ends know.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "seal/address.hpp"
#include "seal/key_plan.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace maildircrypt {

/// The whole answer must be there within this time, reconnecting included, or mail is deferred.
inline constexpr std::chrono::milliseconds lookup_deadline{8000};

/// Whether `text` could be what `keyd init` prints: 32 hexadecimal digits in lower case.
bool is_store_id(std::string_view text);

/// A report may take this long; after one that failed there is none for `report_pause`.
inline constexpr std::chrono::milliseconds report_deadline{1000};
inline constexpr std::chrono::seconds report_pause{30};

inline constexpr char default_keyd_socket[] = "/run/maildircrypt/keyd.sock";

/// Lookups over keyd's Unix socket (keyd/API), on connections that are kept open. Any thread may
/// call; each call has a connection of its own. Failures are of fate retry: keyd away, slow,
/// garbage, or another or older store than this object has seen before. Fate refuse: keyd can know
/// no such address. "No key" therefore comes only from the store that answered the last time.
///
/// Keys to seal to are remembered for a moment, if keyd says so, and for no longer than keyd is
/// there and they are unchanged (keyd/leased_answers.hpp).
///
/// A process that lives for one message has seen no answer before: it names the store it expects.
class KeyClient {
public:
    /// `store_id` is what `keyd init` printed; empty is any store.
    explicit KeyClient(std::string socket_path,
                       std::chrono::milliseconds deadline = lookup_deadline,
                       std::string store_id = {});
    ~KeyClient();
    Result<RecipientKeys> lookup(const Address& address);

    /// Says that mail for the address has just passed in clear, by policy, in this state of its
    /// keys: keyd counts it. Logs the warning clear_mail_alarm when the address has, or had, a key,
    /// which keyd knows better than the state: an address may have been released. Nothing depends
    /// on it.
    void report_clear(const Address& address, KeyState state, const Log& log);

private:
    class State;
    std::unique_ptr<State> state_;
};

/// What front ends call when mail has passed in clear; KeyClient::report_clear, or a fake, or
/// nothing.
using ClearReport = std::function<void(const Address&, KeyState)>;

}  // namespace maildircrypt
