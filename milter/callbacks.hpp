/// Runs sessions under libmilter. The only door to that library: nobody else includes its header.
#pragma once

#include "base/result.hpp"
#include "milter/service.hpp"

#include <functional>
#include <string>

#include <sys/types.h>

namespace maildircrypt {

/// Listens on a Unix socket at `path` (a stale one of a dead process is replaced, a live one is an
/// error), calls `ready`, and serves until SIGTERM, SIGINT or SIGHUP. Once per process: libmilter
/// keeps its state in globals. `service` must outlive the process: threads of libmilter may still
/// use it when this function comes back, with an error too. End with std::quick_exit().
Result<void> serve_milter(const MilterService& service, const std::string& path, mode_t mode,
                          const std::function<void()>& ready);

}  // namespace maildircrypt
