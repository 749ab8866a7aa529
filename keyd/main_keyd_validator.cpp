/// keyd-validator: reads one binary certificate on standard input, has gpg judge it, writes the
/// verdict (keyd/key_listing.hpp) on standard output. keyd starts one for each upload. It handles
/// octets from strangers, so it and the gpg it starts may use little time, memory and disk;
/// whatever goes wrong here ends with it, and keyd goes on.

#include "base/fd.hpp"
#include "base/process.hpp"
#include "keyd/certificate.hpp"
#include "keyd/gpgme_listing.hpp"
#include "keyd/validator.hpp"

#include <csignal>
#include <cstdio>
#include <exception>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

Result<void> limit(int resource, rlim_t amount) {
    const rlimit both{amount, amount};
    if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &both) != 0)
        return errno_error("setrlimit");
    return {};
}

/// gpg inherits all of them.
Result<void> limit_resources() {
    if (auto set = limit(RLIMIT_CPU, validator_cpu_seconds); !set) return set;
    if (auto set = limit(RLIMIT_FSIZE, validator_file_octets); !set) return set;
    if (auto set = limit(RLIMIT_NOFILE, validator_files); !set) return set;
#ifndef __SANITIZE_ADDRESS__  // whose shadow memory is larger than any limit
    if (auto set = limit(RLIMIT_AS, validator_memory_octets); !set) return set;
#endif
    return {};
}

/// Ends with whoever started it; and becomes the parent of the gpg that GPGME starts detached, so
/// that it can say how gpg ended.
Result<void> tie_processes() {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno_error("PR_SET_PDEATHSIG");
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return errno_error("PR_SET_CHILD_SUBREAPER");
    return {};
}

/// A gpg that was killed (a limit, the kernel) or gave up (a full disk, no memory, octets that it
/// cannot read, which stripping has kept from it) may have listed half a certificate or nothing:
/// that is no verdict. About a certificate that it finds invalid it says so and ends with 0.
Result<void> await_gpg() {
    for (;;) {
        int status = 0;
        if (::waitpid(-1, &status, 0) < 0) {
            if (errno == EINTR) continue;
            if (errno == ECHILD) return {};
            return errno_error("wait for gpg");
        }
        if (WIFSIGNALED(status))
            return retry("gpg was ended by signal " + std::to_string(WTERMSIG(status)));
        if (WEXITSTATUS(status) != 0)
            return retry("gpg ended with status " + std::to_string(WEXITSTATUS(status)));
    }
}

Result<KeyListing> judge() {
    if (auto limited = limit_resources(); !limited) return limited.error();
    if (auto tied = tie_processes(); !tied) return tied.error();
    const auto certificate = read_all(STDIN_FILENO, max_certificate, "read the certificate");
    if (!certificate) return certificate.error();
    auto listing = list_with_gpgme(as_octets(*certificate));
    if (!listing) return listing;
    if (auto ended = await_gpg(); !ended) return ended.error();
    return listing;
}

int run() {
    keep_memory_private();
    const auto listing = judge();
    const std::string text =
        listing ? write_listing(*listing) : "error " + listing.error().what + "\n";
    return write_all(STDOUT_FILENO, text, "write the verdict") ? 0 : 1;
}

}  // namespace
}  // namespace maildircrypt

int main() try { return maildircrypt::run(); } catch (const std::exception& error) {
    std::fprintf(stderr, "keyd-validator: %s\n", error.what());
    return 1;
}
