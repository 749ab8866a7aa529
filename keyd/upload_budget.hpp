/// How many request bodies may be in memory, or wait for gpg, at a time.
#pragma once

#include "keyd/caller.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

namespace maildircrypt {

struct UploadLimits {
    std::size_t octets = 16 * 1024 * 1024;  ///< of administrators, and again of all others together
    std::size_t count = 64;                 ///< likewise
    std::size_t per_user = 4;               ///< of one user who is no administrator
};

/// Administrators have a share of their own, so that users cannot keep them out. One thread.
class UploadBudget {
public:
    /// A place, given back at its end. It does not outlive the budget.
    class Ticket {
    public:
        Ticket(Ticket&& other) noexcept
            : budget_(std::exchange(other.budget_, nullptr)),
              caller_(other.caller_),
              octets_(other.octets_) {}
        Ticket& operator=(Ticket&& other) noexcept {
            std::swap(budget_, other.budget_);
            std::swap(caller_, other.caller_);
            std::swap(octets_, other.octets_);
            return *this;
        }
        ~Ticket() {
            if (budget_ != nullptr) budget_->give_back(caller_, octets_);
        }

    private:
        friend class UploadBudget;
        Ticket(UploadBudget& budget, Caller caller, std::size_t octets)
            : budget_(&budget), caller_(caller), octets_(octets) {}
        UploadBudget* budget_;
        Caller caller_;
        std::size_t octets_;
    };

    explicit UploadBudget(UploadLimits limits) : limits_(limits) {}
    /// Nothing when the share is used up.
    std::optional<Ticket> take(const Caller& caller, std::size_t octets);

private:
    struct Share {
        std::size_t octets = 0;
        std::size_t count = 0;
    };
    void give_back(const Caller& caller, std::size_t octets);

    UploadLimits limits_;
    Share administrators_;
    Share users_;
    std::map<uid_t, std::size_t> by_user_;
};

}  // namespace maildircrypt
