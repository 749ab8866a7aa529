/// What a backup's entry may still say to a store that has an entry of its own, or had one.
#pragma once

#include "keyd/store.hpp"

#include <functional>
#include <optional>
#include <string>

namespace maildircrypt {

struct MergedEntry {
    std::optional<Binding> binding;  ///< what is to be stored; none: nothing changes
    std::string note;                ///< what was left out, and why; empty when nothing was
};

/// Joins two forms of one certificate (accept_certificate()), so that what either revokes is
/// revoked.
using JoinCertificates =
    std::function<Result<Certificate>(const Certificate& present, const Certificate& backup)>;

/// The present state wins: an entry that is unknown now, and was `known_before`, stays away;
/// certificates and targets that the present entry does not have are not brought back. What only
/// takes away is taken over: revocations, lost keys, subkeys to recognise. Errors are those of
/// `join`.
Result<MergedEntry> merge_entry(Binding present, const Binding& backup, bool known_before,
                                const JoinCertificates& join);

}  // namespace maildircrypt
