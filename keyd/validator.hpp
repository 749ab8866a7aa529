/// Has gpg judge a certificate: in a process of its own (keyd-validator), in a throw-away home,
/// under limits.
///
/// Why a process and not GPGME within keyd: gpg and GPGME read octets from strangers, and limits of
/// the kernel (setrlimit) hold for processes; GPGME forks, which a daemon with threads should not;
/// its choice of gpg and home is process-wide state; and a GPGME that is flooded, or crashes, takes
/// only keyd-validator with it.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "keyd/key_listing.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace maildircrypt {

/// Limits of keyd-validator and, each, of the gpg processes it starts.
inline constexpr unsigned validator_cpu_seconds = 5;
inline constexpr std::size_t validator_memory_octets = std::size_t{256} << 20;
inline constexpr std::size_t validator_file_octets = std::size_t{1} << 20;
inline constexpr unsigned validator_files = 64;
/// Octets of a verdict that keyd reads: every user id as hexadecimal digits, every subkey, twice.
inline constexpr std::size_t max_verdict = std::size_t{256} << 10;

struct ValidatorOptions {
    /// Of the whole run; everything is killed then.
    std::chrono::milliseconds deadline{10'000};
    std::string path = "/usr/bin:/bin";  ///< where gpg is looked for
    bool refuse_sha1 = false;            ///< self-signatures over SHA-1 do not count
};

/// gpg's verdict on a binary certificate of at most max_certificate octets that has been stripped.
/// All errors are of fate retry. Any thread; several may run at once.
Result<KeyListing> list_with_gpg(Octets certificate, const ValidatorOptions& options = {});

}  // namespace maildircrypt
