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
inline constexpr std::chrono::seconds longest_lease{1};
inline constexpr std::size_t max_leased = 512;  ///< answers; one more, and all are forgotten
/// Keys of one answer; those with more are not remembered.
inline constexpr std::size_t max_leased_keys = 8;

/// When keys change, and before whoever changed them is told that it is done, keyd ends every
/// connection on which it has given an answer that may be remembered (keyd/API, LEASES). So while
/// one such connection is seen to be open, what was asked after it was there still holds. It is
/// set aside as the lease, and asked nothing more. One thread at a time.
class LeasedAnswers {
public:
    using Time = std::chrono::steady_clock::time_point;
    /// Which lease; 0 is none.
    using LeaseNumber = std::uint64_t;

    /// Whether the lease has been recalled since the last call; then everything is forgotten.
    bool notice_recall();
    /// The lease under which a question falls that is asked now.
    LeaseNumber lease() const { return number_; }
    /// Only what was asked under the present lease.
    std::optional<RecipientKeys> find(const Address& address, Time now) const;
    /// `connection` has brought an answer that may be remembered. Begins a lease.
    void take_lease(HttpClient connection);
    /// An answer to a question that was asked at `asked` under `lease`, which keyd lets be used for
    /// `time`. Only what mail is sealed by is remembered: "no key" is asked anew each time.
    void remember(LeaseNumber lease, const Address& address, const RecipientKeys& keys, Time asked,
                  std::chrono::seconds time);

private:
    struct Leased {
        RecipientKeys keys;
        Time until;
    };
    std::optional<HttpClient> connection_;
    LeaseNumber number_ = 0;
    LeaseNumber last_number_ = 0;
    std::unordered_map<std::string, Leased> answers_;  ///< by the address's text
};

}  // namespace maildircrypt
