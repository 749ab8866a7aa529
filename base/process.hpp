/// What a process does about itself at start: no core dumps, wiped heap, readiness, inherited
/// sockets.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <string>
#include <vector>

namespace maildircrypt {

/// No core dump, no ptrace by other users' processes, SIGPIPE and SIGXFSZ ignored
/// (a failed write says the same). Call first in main().
void keep_memory_private();
/// A program that calls this has a free() and a realloc() that wipe what they give back, in
/// libraries too and from its start (base/wiping_free.cpp).
void wipe_freed_memory();

/// Tells the service manager at $NOTIFY_SOCKET that requests are answered from now on; no-op
/// without one.
void notify_ready();
/// Sockets passed by systemd socket activation (sd_listen_fds(3)), in unit order; often none.
std::vector<Fd> inherited_sockets();

/// Listens on a Unix socket at `path` with mode `mode`; a stale socket of a dead process is
/// replaced, a live one is an error. Any other kind of file at `path` is an error.
Result<Fd> listen_unix(const std::string& path, mode_t mode);

}  // namespace maildircrypt
