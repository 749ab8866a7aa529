#include "keyd/metrics.hpp"

#include "base/version.hpp"
#include "keyd/refusal_reason.hpp"

#include <algorithm>
#include <cstdio>

namespace maildircrypt {
namespace {

static_assert(refusal_reasons.size() <= Metrics::max_reasons);

constexpr std::array lookup_outcomes{KeyState::sealable, KeyState::expired, KeyState::revoked,
                                     KeyState::tombstone, KeyState::no_key};
constexpr std::array clear_kinds{ClearKind::no_key,  ClearKind::released, ClearKind::sealable,
                                 ClearKind::expired, ClearKind::revoked,  ClearKind::tombstone};

/// Writes metric families, one after the other. Label values are words of ours: nothing in them
/// needs escaping.
class Exposition {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = "maildircrypt_keyd_" + std::string{name};
        text_ += "# HELP " + name_ + ' ' + std::string{help} + "\n# TYPE " + name_ + ' ';
        text_ += std::string{type} + '\n';
    }
    template <class Number>
    void sample(Number value, std::string_view label = {}, std::string_view word = {}) {
        sample_of("", std::to_string(value), label, word);
    }
    void sample_of(std::string_view suffix, const std::string& value, std::string_view label = {},
                   std::string_view word = {}) {
        text_ += name_ + std::string{suffix};
        if (!label.empty()) text_ += '{' + std::string{label} + "=\"" + std::string{word} + "\"}";
        text_ += ' ' + value + '\n';
    }
    std::string take() { return std::move(text_); }

private:
    std::string name_;
    std::string text_;
};

/// Seconds, with all the digits of a whole number of nanoseconds.
std::string seconds_text(std::uint64_t nanoseconds) {
    constexpr std::uint64_t second = 1'000'000'000;
    char text[40];
    const int size = std::snprintf(text, sizeof text, "%llu.%09llu",
                                   static_cast<unsigned long long>(nanoseconds / second),
                                   static_cast<unsigned long long>(nanoseconds % second));
    return {text, static_cast<std::size_t>(size)};
}

std::uint64_t value_of(const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
}

template <class Buckets>
void write_histogram(Exposition& text, const Buckets& took, std::uint64_t nanoseconds) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < Metrics::bucket_limits.size(); ++i) {
        sum += value_of(took[i]);
        const auto limit = static_cast<std::uint64_t>(Metrics::bucket_limits[i]) * 1000;
        text.sample_of("_bucket", std::to_string(sum), "le", seconds_text(limit));
    }
    sum += value_of(took.back());
    text.sample_of("_bucket", std::to_string(sum), "le", "+Inf");
    text.sample_of("_sum", seconds_text(nanoseconds));
    text.sample_of("_count", std::to_string(sum));
}

void write_snapshot(Exposition& text, const MetricsSnapshot& snapshot) {
    text.family("info", "gauge", "The version that runs; always 1.");
    text.sample(1, "version", version);
    text.family("store_revision", "gauge", "Changes that the store has seen.");
    text.sample(snapshot.stamp.revision);
    text.family("log_sequence", "gauge", "Rows of the key log.");
    text.sample(snapshot.stamp.log.sequence);
    text.family("expiring_addresses", "gauge",
                "Addresses whose last key expires within 30 days; see keyd-cli expiring.");
    text.sample(snapshot.expiring);
}

}  // namespace

std::string_view token_of(ClearKind kind) {
    switch (kind) {
        case ClearKind::no_key:
            return token_of(KeyState::no_key);
        case ClearKind::released:
            return "released";
        case ClearKind::sealable:
            return token_of(KeyState::sealable);
        case ClearKind::expired:
            return token_of(KeyState::expired);
        case ClearKind::revoked:
            return token_of(KeyState::revoked);
        case ClearKind::tombstone:
            return token_of(KeyState::tombstone);
    }
    return "unknown";
}

ClearKind clear_kind_of(KeyState state) {
    switch (state) {
        case KeyState::sealable:
            return ClearKind::sealable;
        case KeyState::expired:
            return ClearKind::expired;
        case KeyState::revoked:
            return ClearKind::revoked;
        case KeyState::tombstone:
            return ClearKind::tombstone;
        case KeyState::no_key:
            return ClearKind::no_key;
    }
    return ClearKind::tombstone;
}

void Metrics::lookup_took(std::chrono::nanoseconds time) {
    const std::int64_t nanoseconds = std::max<std::int64_t>(time.count(), 0);
    const auto at = std::find_if(bucket_limits.begin(), bucket_limits.end(),
                                 [&](std::int64_t limit) { return nanoseconds <= limit * 1000; });
    count(took_[static_cast<std::size_t>(at - bucket_limits.begin())]);
    count(took_nanoseconds_, static_cast<std::uint64_t>(nanoseconds));
}

void Metrics::upload_refused(std::string_view reason) {
    const auto at = std::find(refusal_reasons.begin(), refusal_reasons.end() - 1, reason);
    count(refused_[static_cast<std::size_t>(at - refusal_reasons.begin())]);
}

std::string Metrics::render(const MetricsSnapshot& snapshot) const {
    Exposition text;
    write_snapshot(text, snapshot);
    text.family("lookups_total", "counter", "Lookups, by the state of the address's keys.");
    for (const KeyState state : lookup_outcomes)
        text.sample(value_of(lookups_[static_cast<std::size_t>(state)]), "outcome",
                    token_of(state));
    text.sample(value_of(lookups_.back()), "outcome", "failed");
    text.family("lookup_seconds", "histogram",
                "From the last octet of a lookup's request to the last of its reply.");
    write_histogram(text, took_, value_of(took_nanoseconds_));
    text.family("uploads_total", "counter", "Certificates that were accepted for an address.");
    text.sample(value_of(added_), "result", "added");
    text.sample(value_of(updated_), "result", "updated");
    text.family("refusals_total", "counter", "Certificates that were refused, by reason.");
    for (std::size_t i = 0; i < refusal_reasons.size(); ++i)
        text.sample(value_of(refused_[i]), "reason", refusal_reasons[i]);
    text.family("denied_total", "counter", "Requests that the caller had no right to.");
    text.sample(value_of(denied_));
    text.family("store_errors_total", "counter", "Requests that the store did not answer.");
    text.sample(value_of(store_errors_));
    text.family("clear_mail_total", "counter",
                "Recipients whose mail a front end let pass in clear, by state of their keys.");
    std::uint64_t alarms = 0;
    for (const ClearKind kind : clear_kinds) {
        const std::uint64_t count = value_of(clear_mail_[static_cast<std::size_t>(kind)]);
        text.sample(count, "state", token_of(kind));
        if (is_alarming(kind)) alarms += count;
    }
    text.family("clear_mail_alarms_total", "counter",
                "Those of them who have, or had, a key: clear mail that should not be.");
    text.sample(alarms);
    const std::uint64_t closed = value_of(closed_);  // first: never more than were opened
    const std::uint64_t opened = value_of(opened_);
    text.family("connections", "gauge", "Connections that are open now.");
    text.sample(opened - std::min(closed, opened));
    text.family("connections_total", "counter", "Connections that were accepted.");
    text.sample(opened);
    return text.take();
}

}  // namespace maildircrypt
