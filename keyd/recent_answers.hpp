/// Answers of keyd that still hold: what a front end need not ask again.
#pragma once

#include "keyd/http_client.hpp"
#include "seal/address.hpp"
#include "seal/key_plan.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace maildircrypt {

/// No answer is used for longer after its question, whatever keyd allows.
inline constexpr std::chrono::seconds longest_memory{1};
inline constexpr std::size_t max_remembered = 512;
/// Keys of one answer; those with more are not remembered.
inline constexpr std::size_t max_remembered_keys = 8;

/// When keys change, and before whoever changed them is told that it is done, keyd ends every
/// connection on which it has answered a lookup (keyd/API). So while such a connection is seen to
/// be open, what was asked after it was there still holds. One of the client's, the witness, is
/// set aside for that and asked nothing more. One thread at a time.
class RecentAnswers {
public:
    using Time = std::chrono::steady_clock::time_point;
    /// The life of one witness; none is 0.
    using Era = std::uint64_t;

    /// The era in which a question that is asked now falls. Forgets everything when the witness has
    /// ended; `ended` then says so.
    Era era(bool& ended);
    /// What is known of the address in this era.
    std::optional<RecipientKeys> find(Era era, const Address& address, Time now) const;
    /// Takes a connection on which a lookup was answered; begins an era.
    void set_witness(HttpClient connection);
    /// An answer to a question that was asked at `asked` in `era`, which keyd lets be used for
    /// `max_age`. Only what mail is sealed by is remembered: "no key" is asked anew each time.
    void remember(Era era, const Address& address, const RecipientKeys& keys, Time asked,
                  std::chrono::seconds max_age);

private:
    struct Remembered {
        RecipientKeys keys;
        Time until;
    };
    std::optional<HttpClient> witness_;
    Era era_ = 0;
    Era last_era_ = 0;
    std::unordered_map<std::string, Remembered> answers_;  ///< by the address's text
};

}  // namespace maildircrypt
