/// What keyd counts, and how Prometheus reads it (GET /metrics, keyd/API).
#pragma once

#include "keyd/answer.hpp"
#include "seal/key_plan.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace maildircrypt {

/// Prometheus' text exposition format.
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Whose mail was seen to pass in clear: the keys' state, or "released" for an address that has no
/// key now but had one.
enum class ClearKind { no_key, released, sealable, expired, revoked, tombstone };
std::string_view token_of(ClearKind kind);
ClearKind clear_kind_of(KeyState state);
/// Whether an administrator wants to know: the address has, or had, a key.
constexpr bool is_alarming(ClearKind kind) {
    return kind != ClearKind::no_key;
}

/// What is not counted but read when somebody asks.
struct MetricsSnapshot {
    StoreStamp stamp;
    std::int64_t expiring = 0;  ///< entries whose last key expires within `expiring_days`
};
inline constexpr std::int64_t expiring_days = 30;

/// Any thread; counting takes some nanoseconds and waits for nobody.
class Metrics {
public:
    void lookup(KeyState outcome) { count(lookups_[static_cast<std::size_t>(outcome)]); }
    void lookup_failed() { count(lookups_.back()); }
    /// From the request's last octet to the reply's.
    void lookup_took(std::chrono::nanoseconds time);
    void upload_accepted(bool first) { count(first ? added_ : updated_); }
    /// `reason` is one of refusal_reasons (keyd/refusal_reason.hpp); all others count as "other".
    void upload_refused(std::string_view reason);
    void denied() { count(denied_); }
    void store_failed() { count(store_errors_); }
    void clear_mail(ClearKind kind) { count(clear_mail_[static_cast<std::size_t>(kind)]); }
    void connection_opened() { count(opened_); }
    void connection_closed() { count(closed_); }

    /// The whole text.
    std::string render(const MetricsSnapshot& snapshot) const;

    /// Upper limits of the histogram's buckets, microseconds; one more has none.
    static constexpr std::array<std::int64_t, 12> bucket_limits{
        50, 100, 250, 500, 1000, 2500, 5000, 10'000, 25'000, 50'000, 100'000, 1'000'000};
    static constexpr std::size_t max_reasons = 32;

private:
    using Counter = std::atomic<std::uint64_t>;
    static void count(Counter& counter, std::uint64_t by = 1) {
        counter.fetch_add(by, std::memory_order_relaxed);
    }

    std::array<Counter, 6> lookups_{};  ///< by KeyState; the last one: no answer
    std::array<Counter, bucket_limits.size() + 1> took_{};
    Counter took_nanoseconds_{0};
    Counter added_{0};
    Counter updated_{0};
    std::array<Counter, max_reasons> refused_{};
    Counter denied_{0};
    Counter store_errors_{0};
    std::array<Counter, 6> clear_mail_{};  ///< by ClearKind
    Counter opened_{0};
    Counter closed_{0};
};

}  // namespace maildircrypt
