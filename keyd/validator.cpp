#include "keyd/validator.hpp"

#include "keyd/gpg_home.hpp"
#include "keyd/limited_process.hpp"

#include <filesystem>
#include <system_error>

#include <unistd.h>

#ifndef MAILDIRCRYPT_LIBEXEC
#define MAILDIRCRYPT_LIBEXEC "/usr/libexec/maildircrypt"
#endif

namespace maildircrypt {
namespace {

/// Beside the running program (the build folder, or the folder that keyd is installed in), else
/// where it gets installed (keyd-cli lies elsewhere).
std::string find_validator() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (!error) {
        std::string sibling = self.parent_path() / "keyd-validator";
        if (::access(sibling.c_str(), X_OK) == 0) return sibling;
    }
    return MAILDIRCRYPT_LIBEXEC "/keyd-validator";
}

}  // namespace

Result<KeyListing> list_with_gpg(Octets certificate, const ValidatorOptions& options) {
    const auto home = GpgHome::create(options.refuse_sha1 ? "weak-digest SHA1\n" : "");
    if (!home) return home.error();
    const auto input = home->put("certificate", as_text(certificate));
    if (!input) return input.error();
    ProcessRequest request;
    request.program = find_validator();
    request.environment = {"PATH=" + options.path, "GNUPGHOME=" + home->path(),
                           "HOME=" + home->path(), "LC_ALL=C", "TZ=UTC"};
    request.input = *input;
    request.deadline = options.deadline;
    request.max_output = max_verdict;
    const auto verdict = run_limited(request);
    if (!verdict) return verdict.error();
    return parse_listing(*verdict);
}

}  // namespace maildircrypt
