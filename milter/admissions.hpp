/// How many messages are in flight and how many octets they keep: a cap on both, so that a flood
/// ends in 451 and not in an exhausted host.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>

namespace maildircrypt {

/// Octets of header fields of all messages in flight: these stay in memory until it is known what
/// becomes of them.
inline constexpr std::size_t max_header_octets_in_flight = 64 * 1024 * 1024;

/// Thread-safe; outlives its tickets.
class Admissions {
public:
    /// One message in flight. Gives back what it holds at the end of its life. Not thread-safe.
    class Ticket {
    public:
        explicit Ticket(Admissions& owner) : owner_(&owner) {}
        Ticket(Ticket&& other) noexcept;
        Ticket& operator=(Ticket&&) = delete;
        ~Ticket();
        /// False when all messages together would keep more than the cap; nothing is taken then.
        bool take(std::size_t octets);
        /// The same for max_header_octets_in_flight.
        bool take_header(std::size_t octets);

    private:
        Admissions* owner_;
        std::size_t octets_ = 0;
        std::size_t header_octets_ = 0;
    };

    Admissions(std::size_t max_messages, std::size_t max_octets)
        : max_messages_(max_messages), max_octets_(max_octets) {}

    /// Nothing when max_messages are in flight.
    std::optional<Ticket> admit();

private:
    static bool raise(std::atomic<std::size_t>& counter, std::size_t by, std::size_t limit);

    std::size_t max_messages_;
    std::size_t max_octets_;
    std::atomic<std::size_t> messages_{0};
    std::atomic<std::size_t> octets_{0};
    std::atomic<std::size_t> header_octets_{0};
};

}  // namespace maildircrypt
