/// The running key daemon: store, workers, servers and clock together.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "keyd/caller.hpp"
#include "keyd/resolver.hpp"
#include "keyd/store.hpp"
#include "keyd/witness.hpp"

#include <optional>

namespace maildircrypt {

struct DaemonConfig {
    Fd api;                       ///< listening
    std::optional<Fd> socketmap;  ///< listening
    ResolveRules rules{};
    bool refuse_sha1 = false;        ///< self-signatures over SHA-1 do not count
    std::optional<Witness> witness;  ///< notes what is served, and has checked it
};

/// Serves until SIGTERM or SIGINT; the service manager hears when requests are answered. Returns
/// when everybody who was being served has an answer.
Result<void> run_daemon(DaemonConfig config, Store& store, const Administrators& administrators,
                        const Ownership& ownership, const Log& log);

}  // namespace maildircrypt
