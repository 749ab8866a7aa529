#include "pipe/lmtp_copy.hpp"

namespace maildircrypt::lmtp {

Result<void> Copy::Output::note(Result<void> result) {
    if (!result && !fault_) {
        fault_ = result.error();
        delivery_.reset();
    }
    return {};
}

Result<CopyEnd> SealedCopy::finish() {
    const auto outcome = sealer_.finish();
    if (!outcome) return outcome.error();
    switch (*outcome) {
        case SealOutcome::sealed:
            return CopyEnd::deliver;
        case SealOutcome::already_encrypted:
            return CopyEnd::replay;
    }
    return retry("sealing: unknown outcome");
}

Result<CopyEnd> ClearCopy::finish() {
    const auto finished = passage_.finish();
    return finished ? Result<CopyEnd>{CopyEnd::deliver} : finished.error();
}

}  // namespace maildircrypt::lmtp
